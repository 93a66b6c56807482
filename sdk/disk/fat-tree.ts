import type { Entry } from "../archive/entry.ts";
import { LinuxKitError } from "../core/errors.ts";
import { present } from "../core/present.ts";
import { checkFatName, DIRECTORY_ENTRY, entryCount, foldFatName } from "./fat-name.ts";

/** A file or directory of a FAT volume. FAT cannot hold owners, modes and devices. */
export interface FatEntry extends Pick<Entry, "path" | "type" | "size" | "mtime" | "body"> {
  /** The content begins at a multiple of this many bytes of the volume, a power of two. @default a cluster */
  readonly align?: number;
  /** Bytes reserved for the file from its start, so that later files stay in place when it grows. @default its size */
  readonly reserve?: number;
}

/** @internal A name of the tree, with the clusters that {@link placeTree} assigns. */
export interface FatNode {
  readonly name: string;
  readonly entry: FatEntry;
  /** Undefined for the root. */
  readonly parent: FatNode | undefined;
  /** Children by folded name; undefined for a file. */
  readonly children: Map<string, FatNode> | undefined;
  first: number;
  count: number;
}

/** @internal */
export interface FatTree {
  readonly root: FatNode;
  /** Files, in the given order. */
  readonly files: readonly FatNode[];
}

const LARGEST_FILE = 0xffffffff;

/** @internal Checks entries and makes a tree of them; missing parents are added. */
export function fatTree(entries: readonly FatEntry[]): FatTree {
  const node = (name: string, entry: FatEntry, parent: FatNode | undefined): FatNode => ({
    name,
    entry,
    parent,
    children: entry.type === "directory" ? new Map() : undefined,
    first: 0,
    count: 0,
  });
  const directory = (path: string, mtime: number): FatEntry => ({ path, type: "directory", size: 0, mtime, body: [] });
  const root = node("", directory("", 0), undefined);
  const files: FatNode[] = [];
  for (const entry of entries) {
    if (entry.path === "") continue;
    const { path, type, size } = entry;
    if (type !== "file" && type !== "directory") throw invalid(path, `a FAT filesystem holds files and directories, not a ${type}`);
    if (size > LARGEST_FILE)
      throw new LinuxKitError("TOO_LARGE", `${path}: got ${size} bytes, but a file of a FAT filesystem has at most ${LARGEST_FILE}`, {
        what: path,
        limit: LARGEST_FILE,
        got: size,
      });
    const names = path.split("/");
    let parent = root;
    for (const [depth, name] of names.entries()) {
      checkFatName(name, path);
      const last = depth === names.length - 1;
      const there = present(parent.children).get(foldFatName(name));
      if (there && there.name !== name) throw invalid(path, `"${name}" and "${there.name}" are the same name in a FAT filesystem`);
      if (there && (!there.children || (last && type === "file"))) throw invalid(path, `"${there.entry.path}" exists already`);
      const made = there ?? node(name, last ? entry : directory(names.slice(0, depth + 1).join("/"), entry.mtime), parent);
      present(parent.children).set(foldFatName(name), made);
      if (last && type === "file") files.push(made);
      parent = made;
    }
  }
  return { root, files };
}

/** @internal Directories from the root down, then files: their order on the volume. */
export function* walkTree({ root, files }: FatTree): Generator<FatNode> {
  const directories = [root];
  for (const directory of directories) directories.push(...[...present(directory.children).values()].filter((node) => node.children));
  yield* directories;
  yield* files;
}

/** @internal Assigns clusters to every node and returns how many are used, gaps included. */
export function placeTree(tree: FatTree, clusterSize: number, rootInClusters: boolean): number {
  let next = 2;
  for (const node of walkTree(tree)) {
    const size = node.children ? entriesOf(node) * DIRECTORY_ENTRY : node.entry.size;
    node.count = node === tree.root && !rootInClusters ? 0 : Math.ceil(size / clusterSize);
    node.first = 0;
    if (node.count === 0) continue;
    const step = Math.max(1, (node.entry.align ?? 0) / clusterSize);
    node.first = 2 + Math.ceil((next - 2) / step) * step;
    next = node.first + Math.max(node.count, Math.ceil((node.entry.reserve ?? 0) / clusterSize));
  }
  return next - 2;
}

/** @internal Counts a directory's entries: two for itself (dots, or the root's label) and those of its names. */
export function entriesOf(node: FatNode): number {
  let count = 2;
  for (const child of present(node.children).values()) count += entryCount(child.name);
  if (count > 0x10000) throw invalid(node.entry.path, `${count} entries, a directory of a FAT filesystem has at most 65536`);
  return count;
}

function invalid(path: string, why: string): LinuxKitError {
  return new LinuxKitError("INVALID_DEFINITION", `${JSON.stringify(path)}: ${why}`, { path });
}
