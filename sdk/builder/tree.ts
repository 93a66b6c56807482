import { type Entry, type EntryHeader, NO_BODY } from "../archive/entry.ts";
import type { CpioEntry } from "../archive/write-cpio.ts";
import { unpackedBytes } from "../archive/initrd-memory.ts";
import type { SegmentPaths } from "../cache/segment-store.ts";
import type { Memory } from "../core/bytes.ts";
import { LinuxKitError, throwIfCancelled } from "../core/errors.ts";
import type { Spool, Spooled } from "./spool.ts";

/** An entry of the tree, whose path is the key. */
interface Node extends Omit<EntryHeader, "path"> {
  readonly body?: Spooled;
  /** For a file: a number that all its hard links in an image share. */
  readonly inode?: number;
  /** See {@link AddOptions.sealed}. */
  readonly sealed?: true;
  /** A directory without an entry of its own: it exists because a path lies in it. */
  readonly implied?: true;
  /** How many paths lie directly in a directory. */
  children: number;
}

export interface AddOptions {
  readonly signal?: AbortSignal | undefined;
  /** The user and group id of directories without an entry. @default 0 */
  readonly owner?: number | undefined;
  /** Whether nothing in the guest writes to these files, so that equal ones may be one file. @default false */
  readonly sealed?: boolean;
}

export interface EntriesOptions {
  /** Whether directories without an entry are written. */
  readonly implied: "written" | "left out";
  /**
   * Which files become hard links: also equal files that are sealed, only the hard links of an image, or all that are equal,
   * where nothing writes to the tree itself. @default "equal"
   */
  readonly links?: "equal" | "own" | "all";
  /** Whether the chunks of bodies reuse their memory. @default "own" */
  readonly memory?: Memory;
}

/** The kernel's limit of symlinks in a path (path_resolution(7)). */
const MAX_SYMLINKS = 40;

/**
 * The paths of one archive, each in its last version. An entry that is added later replaces an earlier one. Parents
 * without an entry are implied. Symlinks never lead out of the image that they belong to. Only the paths are in memory;
 * bodies go to the spool.
 */
export class Tree {
  readonly #nodes = new Map<string, Node>();
  readonly #spool: Spool;
  #inodes = 0;
  /** The root folders of images, longest first. An absolute symlink is relative to its image's root. */
  #roots: string[] = [""];
  readonly #owners = new Map<string, number>();

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  /**
   * Adds entries whose paths are relative to `root`, a path of the tree. With an `owner` other than 0, `root` and the
   * directories below it that have no entry belong to that user and group, and are written.
   *
   * @throws CORRUPT, HOSTILE_ARCHIVE, INVALID_DEFINITION if a file would replace a directory that is not empty, CANCELLED
   */
  async add(
    entries: AsyncIterable<Entry> | Iterable<Entry>,
    root: string,
    { signal, owner = 0, sealed = false }: AddOptions = {},
  ): Promise<void> {
    if (owner > 0) this.#owners.set(root, owner);
    if (!this.#roots.includes(root)) this.#roots = [...this.#roots, root].sort((a, b) => b.length - a.length);
    const late: { path: string; entry: Entry }[] = [];
    for await (const entry of entries) {
      throwIfCancelled(signal, `unpacking ${entry.path}`);
      const path = this.#resolve(join(root, entry.path));
      // the root directory exists before anything is unpacked
      if (path === "") continue;
      if (entry.type !== "hardlink") this.#set(path, await this.#node(entry, sealed, signal));
      else if (!this.#link(path, root, entry)) late.push({ path, entry });
    }
    // an image may have a hard link before its target
    for (const { path, entry } of late) {
      if (!this.#link(path, root, entry))
        throw new LinuxKitError("CORRUPT", `${path}: a hard link to ${entry.link}, which is not a file of the image`, { path });
    }
  }

  /** The total bytes of the bodies. Equal files are counted for each path. */
  get size(): number {
    let size = 0;
    for (const node of this.#nodes.values()) size += node.size;
    return size;
  }

  /**
   * The entries in order: a directory before its contents, otherwise in the order in which they were last replaced.
   * A segment leaves out implied directories, because an earlier segment may have made them with another mode.
   * For `memory` see {@link Spool.read}.
   */
  *entries({ implied, links = "equal", memory = "own" }: EntriesOptions): Generator<CpioEntry> {
    const shareKey = links === "own" ? linkKey : (node: Node) => equalKey(links === "all" ? { ...node, sealed: true } : node);
    const names = new Map<string, { count: number; first?: string }>();
    for (const node of this.#nodes.values()) {
      const key = shareKey(node);
      if (key) names.set(key, { count: (names.get(key)?.count ?? 0) + 1 });
    }
    for (const [path, node] of this.#nodes) {
      const { children: _, implied: isImplied, inode: __, sealed: ___, body, ...header } = node;
      if (isImplied && implied === "left out") continue;
      const share = names.get(shareKey(node) ?? "");
      if (share?.first !== undefined) {
        yield { ...header, path, type: "hardlink", size: 0, link: share.first, body: NO_BODY };
      } else {
        if (share) share.first = path;
        yield { ...header, path, names: share?.count ?? 1, body: body ? this.#spool.read(body, { memory }) : NO_BODY };
      }
    }
  }

  /** The paths that {@link entries} writes, for checking one segment against another. */
  paths(): SegmentPaths {
    const paths = {
      directories: [] as string[],
      implied: [] as string[],
      files: [] as string[],
      shared: [] as string[],
      others: [] as string[],
    };
    let unpacked = 0;
    for (const { path, type, size, link = "", names = 1 } of this.entries({ implied: "written" })) {
      if (!this.#nodes.get(path)?.implied) unpacked += unpackedBytes(type === "symlink" ? Buffer.byteLength(link) : size);
      if (type === "directory") paths[this.#nodes.get(path)?.implied ? "implied" : "directories"].push(path);
      else if (type === "file" || type === "hardlink") paths.files.push(path);
      else paths.others.push(path);
      if (type === "hardlink" || names > 1) paths.shared.push(path);
    }
    return { ...paths, unpacked };
  }

  async #node(entry: Entry, sealed: boolean, signal?: AbortSignal): Promise<Node> {
    const { path: _, body: __, ...header } = entry;
    return {
      ...header,
      children: 0,
      ...(sealed && { sealed: true }),
      ...(entry.type === "file" ? { body: await this.#spool.put(entry, signal), inode: this.#inodes++ } : {}),
    };
  }

  #link(path: string, root: string, entry: Entry): boolean {
    const target = this.#nodes.get(this.#resolve(join(root, entry.link ?? "")));
    if (target?.type !== "file") return false;
    this.#set(path, { ...target });
    return true;
  }

  #set(path: string, node: Node): void {
    const former = this.#nodes.get(path);
    if (former?.type === "directory") {
      if (node.type === "directory") {
        this.#nodes.set(path, { ...node, children: former.children });
        return;
      }
      if (former.children > 0) throw clash(path, node.type);
    }
    // a directory does not replace a symlink to a directory, as with dpkg and `tar --keep-directory-symlink`
    if (former?.type === "symlink" && node.type === "directory" && this.#nodes.get(this.#resolve(path, true))?.type === "directory") return;
    if (former) this.#nodes.delete(path);
    else this.#countChild(path);
    this.#nodes.set(path, node);
  }

  // counts a path in its parent; a parent without an entry is implied, with mode 0755 and its image's owner
  #countChild(path: string): void {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    if (parent === "") return;
    if (!this.#nodes.has(parent)) {
      this.#countChild(parent);
      const owner = this.#owners.get(this.#rootOf(`${parent}/`)) ?? 0;
      this.#nodes.set(parent, {
        type: "directory",
        mode: 0o755,
        uid: owner,
        gid: owner,
        size: 0,
        mtime: 0,
        children: 0,
        ...(owner === 0 && { implied: true }),
      });
    }
    (this.#nodes.get(parent) as Node).children++;
  }

  /** The real location of a path: follows symlinks among its parents, which never leave their image. */
  #resolve(path: string, followLast = false): string {
    const rest = path.split("/").filter((part) => part !== "");
    let done = "";
    for (let links = 0; rest.length > 0; ) {
      const here = join(done, rest.shift() as string);
      const node = this.#nodes.get(here);
      const last = rest.length === 0;
      if (node?.type === "symlink" && (!last || followLast)) {
        if (++links > MAX_SYMLINKS)
          throw new LinuxKitError("HOSTILE_ARCHIVE", `${path}: the symlinks among its parents form a loop`, { path });
        const target = this.#target(here, node.link ?? "");
        rest.unshift(...target.split("/").filter((part) => part !== ""));
        done = "";
        continue;
      }
      if (node && node.type !== "directory" && !last)
        throw new LinuxKitError("CORRUPT", `${path}: its parent ${here} is a ${node.type}`, { path });
      done = here;
    }
    return done;
  }

  /** The image that a path lies in. */
  #rootOf(path: string): string {
    return this.#roots.find((candidate) => candidate === "" || path.startsWith(`${candidate}/`)) as string;
  }

  #target(path: string, link: string): string {
    const root = this.#rootOf(path);
    const rootParts = root.split("/").filter((part) => part !== "");
    const parts = link.startsWith("/") ? [...rootParts] : path.split("/").slice(0, -1);
    for (const part of link.split("/")) {
      if (part === "" || part === ".") continue;
      if (part !== "..") parts.push(part);
      else if (parts.length > rootParts.length) parts.pop();
    }
    return parts.join("/");
  }
}

// equal for files that become one: the hard links of an image, and sealed files whose inodes would be equal
function equalKey(node: Pick<Node, "body" | "mode" | "uid" | "gid" | "xattrs" | "inode" | "sealed">): string | undefined {
  const { body, mode, uid, gid, xattrs, sealed } = node;
  return sealed && body && body.size > 0 && !xattrs ? `${body.offset}:${mode}:${uid}:${gid}` : linkKey(node);
}

function linkKey({ inode }: Pick<Node, "inode">): string | undefined {
  return inode === undefined ? undefined : `inode ${inode}`;
}

function clash(path: string, type: string): LinuxKitError {
  return new LinuxKitError(
    "INVALID_DEFINITION",
    `${path}: a ${type} cannot replace a directory that is not empty; unpack the image with the ${type} first`,
    { path },
  );
}

function join(root: string, path: string): string {
  return root === "" ? path : path === "" ? root : `${root}/${path}`;
}
