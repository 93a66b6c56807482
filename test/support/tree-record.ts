import { createHash } from "node:crypto";
import type { Entry } from "../../sdk/archive/entry.ts";

/** A path of a tree, in a form that is equal for equal trees. */
export interface TreeRecord {
  readonly type: string;
  readonly mode: string;
  readonly owner: string;
  readonly mtime: number;
  readonly detail: string;
  readonly xattrs: string;
  /** All paths of the same file, when it has several. */
  readonly names?: string;
}

/** Reads all entries. A hard link is the set of its names, in any order. */
export async function recordTree(entries: AsyncIterable<Entry> | Iterable<Entry>): Promise<Map<string, TreeRecord>> {
  const records = new Map<string, TreeRecord>();
  const names = new Map<string, string[]>();
  const firsts = new Map<string, string>();
  for await (const { path, type, mode, uid, gid, mtime, link = "", major, minor, xattrs, body } of entries) {
    if (type === "hardlink") {
      firsts.set(path, link);
      names.set(link, [...(names.get(link) ?? [link]), path]);
      continue;
    }
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of body) {
      hash.update(chunk);
      size += chunk.length;
    }
    const detail =
      type === "file"
        ? `${size} ${hash.digest("hex")}`
        : type === "symlink"
          ? link
          : type === "character" || type === "block"
            ? `${major}:${minor}`
            : "";
    const attributes = [...(xattrs ?? [])].map(([name, value]) => `${name}=${Buffer.from(value).toString("hex")}`).sort();
    // on Linux a symlink has no mode of its own
    records.set(path, {
      type,
      mode: type === "symlink" ? "" : mode.toString(8),
      owner: `${uid}:${gid}`,
      mtime,
      detail,
      xattrs: attributes.join(" "),
    });
  }
  for (const [path, first] of firsts) records.set(path, records.get(first) as TreeRecord);
  for (const group of names.values()) {
    // only files are linked in these trees; other types are copied
    for (const path of group)
      if (records.get(path)?.type === "file")
        records.set(path, { ...(records.get(path) as TreeRecord), names: [...group].sort().join(" ") });
  }
  return records;
}
