import type { Entry } from "../archive/entry.ts";
import { encodePath } from "../archive/path.ts";
import { LinuxKitError } from "../core/errors.ts";
import { present } from "../core/present.ts";

/** A file, directory, link or device of a tree; its names are in the directories that hold it. */
export interface Inode {
  readonly entry: Entry;
  /** Children by name, for a directory. */
  readonly children?: Map<string, Inode>;
  /** The parent directory; the root is its own parent. */
  readonly parent: Inode;
  /** Link count, as `stat` reports it: for a directory two plus its subdirectories. */
  links: number;
}

/** A whole tree. Hard links are one inode with several names. */
export interface FileTree {
  readonly root: Inode;
  /** Every directory, parents first, siblings in order of name. */
  readonly directories: readonly Inode[];
  /** Every other inode, in the given order: the order in which bodies are read. */
  readonly others: readonly Inode[];
}

const LONGEST_NAME = 255;

/**
 * Makes a tree of entries. Missing directories are added with mode 0755 and owner root. Of a directory given twice the
 * second entry counts.
 *
 * @throws INVALID_DEFINITION for a name that Linux cannot hold, a path given twice, or a hard link without an earlier file
 */
export function fileTree(entries: Iterable<Entry>): FileTree {
  const made = new Map<string, Inode>();
  const others: Inode[] = [];
  const directory = (entry: Entry, parent?: Inode): Inode => {
    const inode = { entry, children: new Map<string, Inode>(), links: 2 } as unknown as { parent: Inode } & Inode;
    inode.parent = parent ?? inode;
    if (parent) parent.links++;
    made.set(entry.path, inode);
    return inode;
  };
  const missing = (path: string): Entry => ({ path, type: "directory", mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 0, body: [] });
  const root = directory(missing(""));
  const renew = (inode: Inode, entry: Entry) => Object.assign(inode, { entry });
  const directoryAt = (path: string): Inode => {
    const there = made.get(path);
    if (there?.children) return there;
    if (there) throw invalid(path, "it is not a directory, but other entries are below it");
    const { parent, name } = locate(path);
    const inode = directory(missing(path), parent);
    present(parent.children).set(name, inode);
    return inode;
  };
  const locate = (path: string) => {
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash + 1);
    checkName(name, path);
    return { parent: directoryAt(path.slice(0, Math.max(0, slash))), name };
  };
  for (const entry of entries) {
    const { path } = entry;
    const there = made.get(path);
    if (entry.type === "directory" && (there?.children || path === "")) {
      renew(there ?? root, entry);
      continue;
    }
    if (there || path === "") throw invalid(path, "it is given twice");
    const { parent, name } = locate(path);
    if (entry.type === "directory") {
      present(parent.children).set(name, directory(entry, parent));
      continue;
    }
    let inode: Inode = { entry, parent, links: 1 };
    if (entry.type === "hardlink") {
      const target = made.get(entry.link ?? "");
      if (!target || target.children) throw invalid(path, `a hard link to "${entry.link}", wanted an earlier file`);
      inode = target;
      inode.links++;
    } else others.push(inode);
    made.set(path, inode);
    present(parent.children).set(name, inode);
  }
  const directories = [root];
  for (const { children } of directories)
    for (const name of [...present(children).keys()].sort(byName))
      if (present(present(children).get(name)).children) directories.push(present(present(children).get(name)));
  return { root, directories, others };
}

/** Compares names by their bytes. */
export function byName(a: string, b: string): number {
  return Buffer.compare(encodePath(a), encodePath(b));
}

function checkName(name: string, path: string): void {
  if (name === "" || name === "." || name === ".." || name.includes("\0"))
    throw invalid(path, "a part of it is empty, a dot name or contains a NUL");
  if (encodePath(name).length > LONGEST_NAME) throw invalid(path, `a part of it is longer than ${LONGEST_NAME} bytes`);
}

function invalid(path: string, why: string): LinuxKitError {
  return new LinuxKitError("INVALID_DEFINITION", `${JSON.stringify(path)}: ${why}`, { path });
}
