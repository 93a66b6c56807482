import { directoryEntry, type Entry, symlinkEntry } from "../archive/entry.ts";
import { writeCpio } from "../archive/write-cpio.ts";
import type { SegmentPaths } from "../cache/segment-store.ts";
import { collect } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";

/** The root filesystem after the segments so far. */
interface Unpacked {
  /** The type of every path. */
  readonly types: Map<string, "directory" | "file" | "other">;
  /** Directories that are not empty. */
  readonly parents: Set<string>;
  /** Files that are hard links. */
  readonly shared: Set<string>;
}

/**
 * The entries of a small archive to put before each segment, because segments are made independently of each other.
 * They are directories that the segment needs and that do not exist yet, and symlinks in place of hard links that it
 * overwrites. The kernel writes into an existing file, which would change every name of a hard link, but it first removes
 * a path of another type (init/initramfs.c, `clean_path`).
 *
 * @throws INVALID_DEFINITION if a segment has a file where an earlier segment has a directory that is not empty: the
 * kernel would silently skip the file
 */
export function segmentFixups(segments: readonly { readonly name: string; readonly paths: SegmentPaths }[]): Entry[][] {
  const unpacked: Unpacked = { types: new Map(), parents: new Set(), shared: new Set() };
  return segments.map(({ name, paths }) => {
    const before = entriesBefore(name, paths, unpacked);
    unpack(paths, unpacked);
    return before;
  });
}

/** The archive of fixups. It is uncompressed, because it is small and every kernel reads that. */
export async function fixupArchive(entries: readonly Entry[]): Promise<Buffer> {
  return collect(writeCpio(entries));
}

function entriesBefore(name: string, paths: SegmentPaths, { types, parents, shared }: Unpacked): Entry[] {
  for (const path of [...paths.files, ...paths.others]) {
    if (types.get(path) === "directory" && parents.has(path)) {
      throw new LinuxKitError(
        "INVALID_DEFINITION",
        `${path}: ${name} has a file or symlink where an earlier segment has a directory that is not empty`,
        { path },
      );
    }
  }
  for (const path of paths.implied) {
    if (types.get(path) === "file")
      throw new LinuxKitError("INVALID_DEFINITION", `${path}: ${name} has paths below it, but an earlier segment has a file there`, {
        path,
      });
  }
  const missing = [...withParents(paths.implied)].filter((path) => !types.has(path)).map((path) => directoryEntry(path));
  const inTheWay = paths.files.filter((path) => shared.has(path)).map((path) => symlinkEntry(path, "replaced"));
  return [...missing, ...inTheWay];
}

/** The paths, each after its parents. The segment may contain a parent too, but only after the paths below it. */
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
