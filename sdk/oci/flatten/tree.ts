import type { EntryHeader, EntryType } from "../../archive/entry.ts";
import { encodePath } from "../../archive/path.ts";
import { LinuxKitError } from "../../core/errors.ts";

/** A file, directory or other object, which one or several paths name: a header without its path. */
export interface Inode {
  readonly type: Exclude<EntryType, "hardlink">;
  readonly header: Omit<EntryHeader, "path" | "type">;
  /** Offset of a file's content in the spool, in bytes. */
  readonly offset: number;
  /** How many hard links it has besides its first path. */
  links: number;
}

interface Node {
  inode: Inode;
  /** The directory that holds it; the root has none. */
  readonly parent: Node | undefined;
  children?: Map<string, Node>;
  /** The last layer that holds this path or one below it; whiteouts of that layer do not remove it. */
  layer: number;
  /** Whether a layer holds an entry for it; missing parents are added. */
  named: boolean;
  /** Whether its entry was a hard link to another path. */
  linked?: true;
  /** The last layer whose whiteout removed all that lower layers gave this directory: a second one finds nothing more. */
  emptied?: number;
}

/** A path of the finished tree; `link` is the path of the file that it is a hard link to. */
export interface TreePath {
  readonly path: string;
  readonly inode: Inode;
  readonly link?: string;
}

/** Most bytes of a name, and of a path with its NUL, on Linux. */
const NAME_MAX = 255;
const PATH_MAX = 4096;
/** Most symbolic links on the way to one path; Linux allows 40. */
const LINKS_MAX = 255;
/** Most parts of link targets on the way to all paths of an image: about two seconds of work. */
const LINK_PARTS_MAX = 32_000_000;

const MADE_UP: Inode = { type: "directory", header: { mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 0 }, offset: 0, links: 0 };

/** Where a walk along a path is: a directory, and what would have to be made below it. */
interface Place {
  directory: Node;
  readonly missing: string[];
}

/**
 * The filesystem tree of several layers (image-spec, layer.md, "Applying Changesets"), applied bottom first. A path
 * through a symlink of a lower layer is resolved inside the root, as runtimes do: a link that climbs above the root, or
 * leads to it, ends at the root (path_resolution(7), "/.."; containerd, pkg/archive/tar.go, applyNaive with fs.RootPath;
 * umoci, oci/layer/tar_extract.go with securejoin). The tree is in memory, so nothing outside of it can be read or written.
 */
export class Tree {
  readonly #root: Node = { inode: MADE_UP, parent: undefined, children: new Map(), layer: -1, named: false };
  readonly #onImplied: (pathBytes: number, what: string) => void;
  #layer = -1;
  #what = "";
  #linkParts = 0;

  /** @param onImplied is told of each parent directory that no layer holds, with the length of its path */
  constructor(onImplied: (pathBytes: number, what: string) => void) {
    this.#onImplied = onImplied;
  }

  /** Starts the next layer; `what` names it in messages. */
  nextLayer(what: string): void {
    this.#layer++;
    this.#what = what;
  }

  /**
   * Adds a member. It replaces an earlier one at its path, but a directory keeps its contents.
   *
   * @param offset of a file's content in the spool, in bytes
   *
   * @throws HOSTILE_ARCHIVE, CORRUPT
   */
  add(entry: EntryHeader, offset: number): void {
    const { path, type, ...header } = entry;
    if (path === "") {
      if (type !== "directory") throw this.#hostile(path, "the root of an image must be a directory");
      this.#root.inode = { type, header, offset, links: 0 };
      this.#root.named = true;
      return;
    }
    this.#checkLength(path);
    if (type === "symlink") this.#checkTarget(path, header.link ?? "");
    const { parent, name } = this.#place(path);
    const siblings = parent.children as Map<string, Node>;
    const old = siblings.get(name);
    if (type === "directory" && old?.inode.type === "directory") {
      old.inode = { type, header, offset, links: 0 };
      old.named = true;
      this.#touch(old);
      return;
    }
    siblings.delete(name);
    const inode = type === "hardlink" ? this.#linked(path, header.link ?? "") : { type, header, offset, links: 0 };
    const node: Node = {
      inode,
      parent,
      layer: this.#layer,
      named: true,
      ...(type === "directory" && { children: new Map() }),
      ...(type === "hardlink" && { linked: true }),
    };
    siblings.set(name, node);
    this.#touch(parent);
  }

  /** Applies a whiteout: removes a path of lower layers. Entries of the current layer stay. */
  whiteOut(path: string): void {
    const { parent, name } = this.#find(path) ?? {};
    if (parent && name !== undefined) this.#remove(parent, name);
  }

  /** Applies an opaque whiteout: removes the contents that lower layers gave a directory. */
  whiteOutContents(directory: string): void {
    const { directory: node, missing } = this.#walk(directory.split("/"), directory);
    if (missing.length === 0) this.#empty(node);
  }

  /**
   * Every path, sorted by path in code units, which puts parents first. Of several paths of one file, the file is the
   * path whose entry was the file, or else the first; the others are links. A link that sorts before its file follows
   * right after it, as a link needs an existing file.
   */
  *paths(): Generator<TreePath> {
    const sorted = this.#sorted();
    const files = new Map<Inode, string>();
    for (const linked of [undefined, true]) {
      for (const [path, node] of sorted)
        if (isShared(node) && node.linked === linked && !files.has(node.inode)) files.set(node.inode, path);
    }
    const waiting = new Map<Inode, string[]>();
    for (const [path, node] of sorted) {
      const { inode } = node;
      const file = files.get(inode);
      if (file === undefined || file === path) {
        yield { path, inode };
        for (const link of waiting.get(inode) ?? []) yield { path: link, inode, link: path };
        waiting.delete(inode);
      } else if (file < path) yield { path, inode, link: file };
      else {
        const links = waiting.get(inode);
        if (links) links.push(path);
        else waiting.set(inode, [path]);
      }
    }
  }

  #sorted(): [string, Node][] {
    const all: [string, Node][] = this.#root.named ? [["", this.#root]] : [];
    const pending: [string, Node][] = [["", this.#root]];
    for (let next = pending.pop(); next; next = pending.pop()) {
      const [path, node] = next;
      for (const [name, child] of node.children ?? []) {
        const below: [string, Node] = [path === "" ? name : `${path}/${name}`, child];
        all.push(below);
        if (child.children) pending.push(below);
      }
    }
    return all.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #remove(parent: Node, name: string): void {
    const node = parent.children?.get(name);
    if (!node) return;
    if (node.layer !== this.#layer) parent.children?.delete(name);
    else this.#empty(node);
  }

  #empty(node: Node): void {
    if (!node.children || node.emptied === this.#layer) return;
    node.emptied = this.#layer;
    for (const name of [...node.children.keys()]) this.#remove(node, name);
  }

  #linked(path: string, target: string): Inode {
    if (target === "") throw this.#hostile(path, "a hard link to the root");
    this.#checkLength(target);
    const found = this.#find(target);
    const node = found?.parent.children?.get(found.name);
    if (!node) throw this.#corrupt(path, `a hard link to ${target}, which does not exist`);
    if (node.children) throw this.#corrupt(path, `a hard link to ${target}, which is a directory`);
    node.inode.links++;
    return node.inode;
  }

  // the path's parent, created where missing, and the path's last part
  #place(path: string): { parent: Node; name: string } {
    const parts = path.split("/");
    const name = parts.pop() as string;
    const { directory, missing } = this.#walk(parts, path);
    const [first] = missing;
    if (first !== undefined && directory.children?.has(first)) throw this.#corrupt(path, `its parent ${first} is not a directory`);
    return { parent: missing.reduce((above, part) => this.#imply(above, part, path), directory), name };
  }

  #find(path: string): { parent: Node; name: string } | undefined {
    const parts = path.split("/");
    const name = parts.pop() as string;
    const { directory, missing } = this.#walk(parts, path);
    return missing.length === 0 ? { parent: directory, name } : undefined;
  }

  #walk(parts: readonly string[], path: string): Place {
    const at: Place = { directory: this.#root, missing: [] };
    this.#goOn(at, parts, { left: LINKS_MAX }, path);
    return at;
  }

  /**
   * Goes on from a place. What is missing, or is no directory, and is left again by `..` is neither made nor refused, as by umoci and
   * containerd (filepath-securejoin; continuity, fs.RootPath).
   */
  #goOn(at: Place, parts: readonly string[], links: { left: number }, path: string): void {
    for (const part of parts) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        // the root's parent is the root itself, as in a running system (path_resolution(7))
        if (at.missing.pop() === undefined) at.directory = at.directory.parent ?? at.directory;
        continue;
      }
      const child = at.missing.length > 0 ? undefined : at.directory.children?.get(part);
      if (child?.inode.type === "symlink") {
        if (links.left-- === 0) throw this.#hostile(path, "passes too many symbolic links");
        const target = child.inode.header.link ?? "";
        const targetParts = target.split("/");
        this.#linkParts += targetParts.length;
        if (this.#linkParts > LINK_PARTS_MAX)
          throw this.#hostile(path, `with the members before it, passes symbolic links of more than ${LINK_PARTS_MAX} parts`);
        if (target.startsWith("/")) at.directory = this.#root;
        this.#goOn(at, targetParts, links, path);
      } else if (child?.children) at.directory = child;
      else at.missing.push(part);
    }
  }

  #imply(parent: Node, name: string, path: string): Node {
    this.#onImplied(path.length, this.#what);
    const node: Node = { inode: MADE_UP, parent, children: new Map(), layer: this.#layer, named: false };
    parent.children?.set(name, node);
    this.#touch(parent);
    return node;
  }

  // a directory that this layer holds already has parents that it holds
  #touch(directory: Node): void {
    for (let node: Node | undefined = directory; node && node.layer !== this.#layer; node = node.parent) node.layer = this.#layer;
  }

  #checkTarget(path: string, target: string): void {
    if (target.length * 3 < PATH_MAX) return;
    const { length } = encodePath(target);
    if (length >= PATH_MAX) throw this.#hostile(path, `a symbolic link to ${length} bytes, wanted less than ${PATH_MAX}`);
  }

  #checkLength(path: string): void {
    if (path.length * 3 < NAME_MAX) return;
    const bytes = encodePath(path);
    const shown = `${path.slice(0, 60)}…`;
    if (bytes.length >= PATH_MAX) throw this.#hostile(shown, `a path of ${bytes.length} bytes, wanted less than ${PATH_MAX}`);
    if (path.split("/").some((part) => encodePath(part).length > NAME_MAX))
      throw this.#hostile(shown, `a name of more than ${NAME_MAX} bytes`);
  }

  #hostile(path: string, why: string): LinuxKitError {
    return new LinuxKitError("HOSTILE_ARCHIVE", `${this.#what}: ${path || "/"}: ${why}`, { path });
  }

  #corrupt(path: string, why: string): LinuxKitError {
    return new LinuxKitError("CORRUPT", `${this.#what}: ${path}: ${why}`, { path });
  }
}

// a second name of a symlink or device becomes a second symlink or device: archives hard-link files only
function isShared({ inode }: Node): boolean {
  return inode.type === "file" && inode.links > 0;
}
