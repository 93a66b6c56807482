import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { directoryEntry, type Entry } from "../../sdk/archive/entry.ts";
import type { CpioEntry } from "../../sdk/archive/write-cpio.ts";
import { collect } from "../../sdk/core/bytes.ts";

// the type bits of a mode (inode.7)
const TYPE = { fifo: 0o01, character: 0o02, directory: 0o04, block: 0o06, file: 0o10, hardlink: 0o10, symlink: 0o12 } as const;

/** Lists a folder of a guest for {@link parseTree}: BusyBox's `stat` of every path, a blank line, and the hashes of all files. */
export const LIST = "find . -mindepth 1 -exec stat -c '%f %u %g %s %Y %t:%T %N' {} + && echo && find . -type f -exec sha256sum {} +";

/** A tree in which every parent is an entry, as a cpio archive needs it, and every file counts its names. */
export function wholeTree(entries: readonly Entry[]): CpioEntry[] {
  const paths = new Set(entries.map(({ path }) => path));
  const parents = new Set(entries.flatMap(({ path }) => [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index))));
  const missing = [...parents].filter((path) => !paths.has(path)).map((path) => directoryEntry(path));
  const links = entries.filter(({ type }) => type === "hardlink");
  return [...missing, ...entries].map((entry) => ({ ...entry, names: 1 + links.filter(({ link }) => link === entry.path).length }));
}

/** What a kernel shows of each path: mode with type, owners, size, time, device, target, and the hash of the content. */
export async function writtenTree(entries: readonly Entry[]): Promise<Map<string, string>> {
  const files = new Map(entries.map((entry) => [entry.path, entry]));
  const rows = entries.map(async (entry): Promise<[string, string]> => {
    const file = entry.type === "hardlink" ? files.get(entry.link ?? "") : entry;
    assert.ok(file, entry.path);
    const { type, mode, uid, gid, size, mtime, link = "", major = 0, minor = 0, body } = file;
    const length = type === "directory" ? "-" : type === "symlink" ? Buffer.byteLength(link) : size;
    const shown = `${((TYPE[type] << 12) | mode).toString(16)} ${uid} ${gid} ${length} ${mtime} ${major.toString(16)}:${minor.toString(16)}`;
    if (type === "symlink") return [entry.path, `${shown} -> ${link}`];
    if (type !== "file") return [entry.path, shown];
    const hash = createHash("sha256").update(await collect(body));
    return [entry.path, `${shown} ${hash.digest("hex")}`];
  });
  return new Map(await Promise.all(rows));
}

/** The output of {@link LIST}, as {@link writtenTree} has it. The size of a directory is the filesystem's own affair. */
export function parseTree(output: string): Map<string, string> {
  const [listed = "", hashed = ""] = output.split("\n\n");
  const hashes = new Map(hashed.split("\n").map((line) => [line.slice("./".length + 66), line.slice(0, 64)]));
  return new Map(
    listed.split("\n").map((line): [string, string] => {
      const [, mode, owners, size, rest, name] = /^(\w+) (\d+ \d+) (\d+) (\d+ \w+:\w+) (.*)$/.exec(line) ?? [];
      assert.ok(mode && name, line);
      const [, path = name.slice("./".length), target] = /^'\.\/(.*)' -> '(.*)'$/.exec(name) ?? [];
      const shown = `${mode} ${owners} ${mode.startsWith("4") ? "-" : size} ${rest}`;
      if (target !== undefined) return [path, `${shown} -> ${target}`];
      const hash = hashes.get(path);
      return [path, hash ? `${shown} ${hash}` : shown];
    }),
  );
}
