import { readdir, readFile } from "node:fs/promises";

/** All descendants of a process. */
export async function processesBelow(ancestor: number): Promise<{ readonly pid: number; readonly command: string }[]> {
  const all = await Promise.all(
    (await readdir("/proc"))
      .filter((name) => /^\d+$/.test(name))
      .map(async (name) => {
        const [stat, command] = await Promise.all(
          ["stat", "cmdline"].map((file) => readFile(`/proc/${name}/${file}`, "utf8").catch(() => "")),
        );
        return {
          pid: Number(name),
          parent: Number(stat?.slice(stat.lastIndexOf(")") + 4).split(" ")[0]),
          command: command?.replaceAll("\0", " ") ?? "",
        };
      }),
  );
  const found = new Set([ancestor]);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const { pid, parent } of all) if (found.has(parent)) found.add(pid);
  }
  return all.filter(({ pid }) => pid !== ancestor && found.has(pid));
}
