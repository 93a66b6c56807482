import type { Entry } from "../archive/entry.ts";
import { encodePath } from "../archive/path.ts";
import { crc32c } from "../core/crc32c.ts";
import { LinuxKitError } from "../core/errors.ts";
import { present } from "../core/present.ts";
import { EROFS_BLOCK, EROFS_SLOT, encodeDirents, encodeInode, encodeXattrs, inodeBytes } from "./erofs-inode.ts";
import { bytesAt, type Disk, type Extent, makeDisk } from "./extent.ts";
import { type FileTree, fileTree, type Inode } from "./file-tree.ts";
import { type Seed, uuidBytes, uuidFrom } from "./identity.ts";

export interface ErofsOptions {
  readonly entries: readonly Entry[];
  readonly seed: Seed;
  /** At most 16 bytes. @default none */
  readonly label?: string;
}

const SUPERBLOCK_AT = 1024;

/** The positions of an inode and of its content, which follows the inode or has its own blocks. */
interface InodePosition {
  readonly inode: Inode;
  readonly number: number;
  readonly xattrs: Buffer;
  /** Bytes of content. */
  readonly size: number;
  at: number;
  block: number | "inline";
}

/**
 * An EROFS filesystem without compression (Documentation/filesystems/erofs.rst and fs/erofs/erofs_fs.h of Linux).
 * Small content follows its inode, other content is in whole blocks. Bodies are read in the order of `entries`; inodes
 * and directories are in memory.
 *
 * @throws INVALID_DEFINITION as `fileTree` and for a label above 16 bytes, UNSUPPORTED for an attribute with a prefix that
 * erofs does not have, TOO_LARGE above 16 TiB
 */
export function erofsVolume(options: ErofsOptions): Disk {
  const label = Buffer.from(options.label ?? "");
  if (label.length > 16)
    throw new LinuxKitError("INVALID_DEFINITION", `label: "${options.label}" has ${label.length} bytes, at most 16 fit`, { path: "label" });
  const tree = fileTree(options.entries);
  const positions = positionsOf(tree);
  const fixed = contentsOf(tree, positions);
  const total = arrange(tree, positions);
  if (total / EROFS_BLOCK > 0xffffffff)
    throw new LinuxKitError("TOO_LARGE", `erofs: ${total} bytes, at most 16 TiB fit`, { what: "erofs", limit: 2 ** 44, got: total });

  const extents: Extent[] = [];
  for (const position of positions.values()) {
    const { inode, number, xattrs, size, at, block } = position;
    const header = encodeInode({ entry: inode.entry, number, links: inode.links, size, xattrs, block });
    extents.push(bytesAt(at, header));
    if (size === 0) continue;
    const offset = block === "inline" ? at + header.length : block * EROFS_BLOCK;
    const content = fixed.get(inode);
    extents.push(content ? bytesAt(offset, content()) : { offset, length: size, source: inode.entry.body });
  }
  const root = present(positions.get(tree.root));
  extents.push(
    bytesAt(
      SUPERBLOCK_AT,
      encodeSuperblock({
        root: root.at / EROFS_SLOT,
        inodes: positions.size,
        blocks: total / EROFS_BLOCK,
        uuid: uuidFrom(options.seed, "erofs"),
        label,
      }),
    ),
  );
  return makeDisk(total, extents);
}

function positionsOf(tree: FileTree): Map<Inode, InodePosition> {
  const positions = new Map<Inode, InodePosition>();
  for (const inode of [...tree.directories, ...tree.others]) {
    const { entry } = inode;
    // a directory's size follows from its names alone
    const size = inode.children
      ? direntsOf(inode, () => 0).length
      : entry.type === "symlink"
        ? encodePath(entry.link ?? "").length
        : entry.size;
    positions.set(inode, { inode, number: positions.size + 1, xattrs: encodeXattrs(entry), size, at: 0, block: 0 });
  }
  return positions;
}

/** The content of directories, which needs every inode's number, and of symlinks. */
function contentsOf(tree: FileTree, positions: ReadonlyMap<Inode, InodePosition>): Map<Inode, () => Buffer> {
  const nid = (inode: Inode) => present(positions.get(inode)).at / EROFS_SLOT;
  const contents = new Map<Inode, () => Buffer>();
  for (const inode of tree.directories) contents.set(inode, () => direntsOf(inode, nid));
  for (const inode of tree.others) if (inode.entry.type === "symlink") contents.set(inode, () => encodePath(inode.entry.link ?? ""));
  return contents;
}

function direntsOf(inode: Inode, nid: (inode: Inode) => number): Buffer {
  const children = [...present(inode.children)].map(([name, child]) => ({ name, nid: nid(child), type: child.entry.type }));
  return encodeDirents([
    { name: ".", nid: nid(inode), type: "directory" },
    { name: "..", nid: nid(inode.parent), type: "directory" },
    ...children,
  ]);
}

/**
 * Positions every inode and its content and returns the size of the volume in bytes. First come the inodes whose content
 * is in memory or in separate blocks, then files in the given order, small ones with their inodes, so that bodies are
 * read in that order.
 */
function arrange(tree: FileTree, positions: ReadonlyMap<Inode, InodePosition>): number {
  // the first block holds only the superblock
  let next = EROFS_BLOCK;
  let open = { at: 0, left: 0 };
  const blocks = (bytes: number) => {
    const at = next;
    next += Math.ceil(bytes / EROFS_BLOCK) * EROFS_BLOCK;
    return at;
  };
  // an inode and its inline content must lie within one block
  const put = (position: InodePosition, bytes: number) => {
    const size = Math.ceil(bytes / EROFS_SLOT) * EROFS_SLOT;
    if (open.left < size) open = { at: blocks(EROFS_BLOCK), left: EROFS_BLOCK };
    position.at = open.at;
    open = { at: open.at + size, left: open.left - size };
  };
  const fits = ({ xattrs, size }: InodePosition) => inodeBytes(xattrs) + size <= EROFS_BLOCK;
  const isSmallFile = (position: InodePosition) => position.inode.entry.type === "file" && position.size > 0 && fits(position);
  const all = [...positions.values()];
  for (const position of all.filter((one) => !isSmallFile(one))) {
    const known = position.inode.entry.type !== "file" && position.size > 0 && fits(position);
    if (known) position.block = "inline";
    put(position, inodeBytes(position.xattrs) + (known ? position.size : 0));
  }
  for (const position of all)
    if (position.inode.entry.type !== "file" && position.size > 0 && position.block !== "inline")
      position.block = blocks(position.size) / EROFS_BLOCK;
  open = { at: 0, left: 0 };
  for (const inode of tree.others) {
    const position = present(positions.get(inode));
    if (inode.entry.type !== "file" || position.size === 0) continue;
    if (isSmallFile(position)) {
      position.block = "inline";
      put(position, inodeBytes(position.xattrs) + position.size);
    } else {
      position.block = blocks(position.size) / EROFS_BLOCK;
      open = { at: 0, left: 0 };
    }
  }
  return next;
}

/** The superblock; its checksum covers the rest of its block, as in Linux. */
function encodeSuperblock(fields: {
  readonly root: number;
  readonly inodes: number;
  readonly blocks: number;
  readonly uuid: string;
  readonly label: Buffer;
}): Buffer {
  const bytes = Buffer.alloc(EROFS_BLOCK - SUPERBLOCK_AT);
  bytes.writeUInt32LE(0xe0f5e1e2, 0);
  bytes.writeUInt32LE(1, 8); // feature: has a checksum
  bytes[12] = Math.log2(EROFS_BLOCK);
  bytes.writeUInt16LE(fields.root, 14);
  bytes.writeBigUInt64LE(BigInt(fields.inodes), 16);
  bytes.writeUInt32LE(fields.blocks, 36);
  bytes.set(uuidBytes(fields.uuid), 48);
  bytes.set(fields.label, 64);
  bytes.writeUInt32LE(crc32c(bytes), 4);
  return bytes;
}
