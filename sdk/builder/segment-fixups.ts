import { directoryEntry, type Entry, symlinkEntry } from "../archive/entry.ts";
import { writeCpio } from "../archive/write-cpio.ts";
import type { SegmentPaths } from "../cache/segment-store.ts";
import { collect } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";

/** What the segments so far have put into the root filesystem. */
interface Unpacked {
  /** Every path, and what it is. */
  readonly types: Map<string, "directory" | "file" | "other">;
  /** Directories that hold something. */
  readonly parents: Set<string>;
  /** Files whose content another path shares. */
  readonly shared: Set<string>;
}

/**
 * What has to come between segments, because each is made without knowledge of the others: for each segment the
 * entries of a small archive to put before it. They are directories that it needs and that nobody made, and symlinks
 * in the place of files that it overwrites and that are hard links: the kernel writes into an existing file, and so
 * would change every name of it, but removes what is of another type first (init/initramfs.c, `clean_path`).
 *
 * @throws INVALID_DEFINITION when a segment puts a file where an earlier one has a directory with something in it:
 * the kernel would leave it out without a word
 */
export function segmentFixups(segments: readonly { readonly name: string; readonly paths: SegmentPaths }[]): Entry[][] {
  const unpacked: Unpacked = { types: new Map(), parents: new Set(), shared: new Set() };
  return segments.map(({ name, paths }) => {
    const before = entriesBefore(name, paths, unpacked);
    unpack(paths, unpacked);
    return before;
  });
}

/** The archive of a joint, uncompressed: every kernel takes that, and it is small. */
export async function fixupArchive(entries: readonly Entry[]): Promise<Buffer> {
  return collect(writeCpio(entries));
}

function entriesBefore(name: string, paths: SegmentPaths, { types, parents, shared }: Unpacked): Entry[] {
  for (const path of [...paths.files, ...paths.others]) {
    if (types.get(path) === "directory" && parents.has(path)) {
      throw new LinuxKitError(
        "INVALID_DEFINITION",
        `${path}: ${name} has a file or symlink where there is a directory with something in it`,
        { path },
      );
    }
  }
  for (const path of paths.implied) {
    if (types.get(path) === "file")
      throw new LinuxKitError("INVALID_DEFINITION", `${path}: ${name} has something below it, but it is a file`, { path });
  }
  const missing = [...withParents(paths.implied)].filter((path) => !types.has(path)).map((path) => directoryEntry(path));
  const inTheWay = paths.files.filter((path) => shared.has(path)).map((path) => symlinkEntry(path, "replaced"));
  return [...missing, ...inTheWay];
}

/** The paths, each after its parents: the segment itself may name one of them, but does so only later. */
function withParents(paths: readonly string[]): Set<string> {
  const all = new Set<string>();
  for (const path of paths) {
    for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) all.add(path.slice(0, slash));
    all.add(path);
  }
  return all;
}

function unpack(paths: SegmentPaths, { types, parents, shared }: Unpacked): void {
  for (const path of paths.implied) if (!types.has(path)) types.set(path, "directory");
  for (const path of paths.directories) types.set(path, "directory");
  for (const path of paths.files) types.set(path, "file");
  for (const path of paths.others) types.set(path, "other");
  for (const path of [...paths.directories, ...paths.implied, ...paths.files, ...paths.others]) {
    shared.delete(path);
    const slash = path.lastIndexOf("/");
    if (slash > 0) parents.add(path.slice(0, slash));
  }
  for (const path of paths.shared) shared.add(path);
}
