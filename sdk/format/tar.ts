import { directoryEntry, type Entry, fileEntry } from "../archive/entry.ts";
import { writeTar } from "../archive/write-tar.ts";
import { textContent } from "./kernel-initrd.ts";
import type { Content, FormatWriter, Parts } from "./parts.ts";

/** `tar`: the root filesystem, with the kernel, its command line and its microcode under `boot`. */
export const tar: FormatWriter = {
  needs: "tree",
  suffixes: [".tar"],
  files: (parts) => [{ role: "image", suffix: ".tar", open: () => writeTar(withBoot(parts)) }],
};

/** The tree of an OS, with kernel, command line and microcode under `boot`. */
export async function* withBoot({ tree, kernel, cmdline, microcode }: Parts): AsyncGenerator<Entry> {
  const boot: Entry[] = kernel
    ? [bootFile("kernel", kernel), bootFile("cmdline", textContent(cmdline)), ...(microcode ? [bootFile("ucode.cpio", microcode)] : [])]
    : [];
  const own = new Set(boot.map(({ path }) => path));
  let hasBoot = false;
  for await (const entry of tree?.() ?? []) {
    if (entry.path === "boot") hasBoot = true;
    // the plan's kernel replaces that of an image, which does not run
    if (!own.has(entry.path)) yield entry;
  }
  if (boot.length > 0 && !hasBoot) yield directoryEntry("boot");
  yield* boot;
}

function bootFile(name: string, content: Content): Entry {
  return { ...fileEntry(`boot/${name}`, ""), size: content.size, body: content.open() };
}
