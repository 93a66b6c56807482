import { type Entry, type EntryHeader, NO_BODY } from "../archive/entry.ts";
import type { CpioEntry } from "../archive/write-cpio.ts";
import { unpackedBytes } from "../archive/initrd-memory.ts";
import type { SegmentPaths } from "../cache/segment-store.ts";
import type { Memory } from "../core/bytes.ts";
import { LinuxKitError, throwIfCancelled } from "../core/errors.ts";
import type { Spool, Spooled } from "./spool.ts";

/** A path of the tree; its own name is the tree's key. */
interface Node extends Omit<EntryHeader, "path"> {
  readonly body?: Spooled;
  /** Of a file: the same number for all paths that an image has as hard links to it. */
  readonly inode?: number;
  /** A directory that no entry named: it is only there because something lies in it. */
  readonly implied?: true;
  /** How many paths lie directly in a directory. */
  children: number;
}

export interface AddOptions {
  readonly signal?: AbortSignal | undefined;
  /** @default 0 */
  readonly owner?: number | undefined;
}

export interface EntriesOptions {
  /** What becomes of directories that no entry named. */
  readonly implied: "written" | "left out";
  /** Which files become hard links: all that are equal, or those that an image linked itself. @default "equal" */
  readonly links?: "equal" | "own";
  /** Whose memory the chunks of bodies are. @default "own" */
  readonly memory?: Memory;
}

/** How many symlinks a path may pass, as the kernel counts (path_resolution(7)). */
const MAX_SYMLINKS = 40;

/**
 * The paths of one archive with the last word on each: what is added later replaces what was there, parents are
 * implied where no entry names them, and no path is reached through a symlink out of the image that it belongs to.
 * Only the paths are in memory; bodies go to the spool.
 */
export class Tree {
  readonly #nodes = new Map<string, Node>();
  readonly #spool: Spool;
  #inodes = 0;
  /** Where images begin: an absolute symlink within one means the image's own root. Longest first. */
  #roots: string[] = [""];
  readonly #owners = new Map<string, number>();

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  /**
   * Adds entries whose paths are relative to `root`, which is itself a path of the tree. With an `owner` other than 0
   * the directories from `root` on that no entry names belong to that user and group, and are written.
   */
  async add(entries: AsyncIterable<Entry> | Iterable<Entry>, root: string, { signal, owner = 0 }: AddOptions = {}): Promise<void> {
    if (owner > 0) this.#owners.set(root, owner);
    if (!this.#roots.includes(root)) this.#roots = [...this.#roots, root].sort((a, b) => b.length - a.length);
    const late: { path: string; entry: Entry }[] = [];
    for await (const entry of entries) {
      throwIfCancelled(signal, `unpacking ${entry.path}`);
      const path = this.#resolve(join(root, entry.path));
      // the root of everything is there before anything is unpacked
      if (path === "") continue;
      if (entry.type !== "hardlink") this.#set(path, await this.#node(entry, signal));
      else if (!this.#link(path, root, entry)) late.push({ path, entry });
    }
    // an image may name a link before the file that it links to
    for (const { path, entry } of late) {
      if (!this.#link(path, root, entry))
        throw new LinuxKitError("CORRUPT", `${path}: a hard link to ${entry.link}, which is no file of the image`, { path });
    }
  }

  /** How many bytes the bodies have together, each path counted. */
  get size(): number {
    let size = 0;
    for (const node of this.#nodes.values()) size += node.size;
    return size;
  }

  /**
   * The tree in order: a directory before what is in it, else in the order in which the last word was said.
   * A segment leaves implied directories out: an earlier segment may have made them, with a mode of their own.
   * For `memory` see {@link Spool.read}.
   */
  *entries({ implied, links = "equal", memory = "own" }: EntriesOptions): Generator<CpioEntry> {
    const shareKey = links === "equal" ? equalKey : linkKey;
    const names = new Map<string, { count: number; first?: string }>();
    for (const [path, node] of this.#nodes) {
      const key = shareKey(path, node);
      if (key) names.set(key, { count: (names.get(key)?.count ?? 0) + 1 });
    }
    for (const [path, node] of this.#nodes) {
      const { children: _, implied: isImplied, inode: __, body, ...header } = node;
      if (isImplied && implied === "left out") continue;
      const share = names.get(shareKey(path, node) ?? "");
      if (share?.first !== undefined) {
        yield { ...header, path, type: "hardlink", size: 0, link: share.first, body: NO_BODY };
      } else {
        if (share) share.first = path;
        yield { ...header, path, names: share?.count ?? 1, body: body ? this.#spool.read(body, { memory }) : NO_BODY };
      }
    }
  }

  /** What {@link entries} writes, for the check of one segment against another. */
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

  async #node(entry: Entry, signal?: AbortSignal): Promise<Node> {
    const { path: _, body: __, ...header } = entry;
    return {
      ...header,
      children: 0,
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
    // a directory that a symlink already leads to is there, as for dpkg and `tar --keep-directory-symlink`
    if (former?.type === "symlink" && node.type === "directory" && this.#nodes.get(this.#resolve(path, true))?.type === "directory") return;
    if (former) this.#nodes.delete(path);
    else this.#countChild(path);
    this.#nodes.set(path, node);
  }

  // counts one more path in its parent, which is implied, 0755 and its image's root's, where no entry has named it
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

  /** Where a path really lies: through the symlinks among its parents, each kept within its image. */
  #resolve(path: string, followLast = false): string {
    const rest = path.split("/").filter((part) => part !== "");
    let done = "";
    for (let links = 0; rest.length > 0; ) {
      const here = join(done, rest.shift() as string);
      const node = this.#nodes.get(here);
      const last = rest.length === 0;
      if (node?.type === "symlink" && (!last || followLast)) {
        if (++links > MAX_SYMLINKS)
          throw new LinuxKitError("HOSTILE_ARCHIVE", `${path}: its parents are symlinks that lead round in a circle`, { path });
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

// files that are equal in all that an inode holds; a hard link is nothing else
function equalKey(
  path: string,
  { body, mode, uid, gid, xattrs }: Pick<Node, "body" | "mode" | "uid" | "gid" | "xattrs">,
): string | undefined {
  if (!body || body.size === 0) return undefined;
  return xattrs ? path : `${body.offset}:${mode}:${uid}:${gid}`;
}

function linkKey(_: string, { inode }: Pick<Node, "inode">): string | undefined {
  return inode === undefined ? undefined : String(inode);
}

function clash(path: string, type: string): LinuxKitError {
  return new LinuxKitError(
    "INVALID_DEFINITION",
    `${path}: a ${type} cannot replace a directory that holds something; unpack the image that has the ${type} first`,
    { path },
  );
}

function join(root: string, path: string): string {
  return root === "" ? path : path === "" ? root : `${root}/${path}`;
}
