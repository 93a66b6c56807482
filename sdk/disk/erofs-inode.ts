import type { Entry } from "../archive/entry.ts";
import { encodePath } from "../archive/path.ts";
import { LinuxKitError } from "../core/errors.ts";
import { present } from "../core/present.ts";

/** Bytes of a block. */
export const EROFS_BLOCK = 4096;
/** Bytes of an extended inode, and the unit in which inodes are numbered. */
const INODE_BYTES = 64;
export const EROFS_SLOT = 32;

const MODE = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  character: 0o020000,
  block: 0o060000,
  fifo: 0o010000,
  hardlink: 0,
} as const;
const DIRENT_TYPE = { file: 1, directory: 2, character: 3, block: 4, fifo: 5, symlink: 7, hardlink: 0 } as const;
/** Name prefixes that an attribute's entry encodes as a number. */
const XATTR_PREFIXES: readonly (readonly [string, number])[] = [
  ["user.", 1],
  ["system.posix_acl_access", 2],
  ["system.posix_acl_default", 3],
  ["trusted.", 4],
  ["security.", 6],
];

/**
 * The extended attributes after an inode: a header of 12 bytes, then entries padded to 4; empty without attributes.
 *
 * @throws UNSUPPORTED for an attribute with an unknown prefix, TOO_LARGE for more than fit a block
 */
export function encodeXattrs(entry: Entry): Buffer {
  if (!entry.xattrs?.size) return Buffer.alloc(0);
  const parts = [Buffer.alloc(12)];
  for (const [name, value] of [...entry.xattrs].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const prefix = XATTR_PREFIXES.find(([text]) => name.startsWith(text));
    const rest = Buffer.from(name.slice(prefix?.[0].length ?? 0));
    if (!prefix || rest.length > 255)
      throw new LinuxKitError("UNSUPPORTED", `${entry.path}: erofs cannot hold the extended attribute ${name}`, { what: name });
    const bytes = Buffer.alloc(Math.ceil((4 + rest.length + value.length) / 4) * 4);
    bytes[0] = rest.length;
    bytes[1] = prefix[1];
    bytes.writeUInt16LE(value.length, 2);
    bytes.set(rest, 4);
    bytes.set(value, 4 + rest.length);
    parts.push(bytes);
  }
  const bytes = Buffer.concat(parts);
  const limit = EROFS_BLOCK - INODE_BYTES;
  if (bytes.length > limit)
    throw new LinuxKitError("TOO_LARGE", `${entry.path}: ${bytes.length} bytes of extended attributes, at most ${limit} fit`, {
      what: entry.path,
      limit,
      got: bytes.length,
    });
  return bytes;
}

/** Bytes of an inode with its attributes. */
export function inodeBytes(xattrs: Uint8Array): number {
  return INODE_BYTES + xattrs.length;
}

/** An extended inode with its attributes. `block` is the first block of its data; `inline` data follows the inode. */
export function encodeInode(inode: {
  readonly entry: Entry;
  readonly number: number;
  readonly links: number;
  readonly size: number;
  readonly xattrs: Uint8Array;
  readonly block: number | "inline";
}): Buffer {
  const { entry, xattrs } = inode;
  const bytes = Buffer.alloc(INODE_BYTES);
  bytes.writeUInt16LE(1 | ((inode.block === "inline" ? 2 : 0) << 1), 0);
  bytes.writeUInt16LE(xattrs.length === 0 ? 0 : (xattrs.length - 12) / 4 + 1, 2);
  bytes.writeUInt16LE(MODE[entry.type] | entry.mode, 4);
  bytes.writeBigUInt64LE(BigInt(inode.size), 8);
  const { major = 0, minor = 0 } = entry;
  const device = entry.type === "character" || entry.type === "block";
  bytes.writeUInt32LE(
    device ? ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0 : inode.block === "inline" ? 0 : inode.block,
    16,
  );
  bytes.writeUInt32LE(inode.number, 20);
  bytes.writeUInt32LE(entry.uid, 24);
  bytes.writeUInt32LE(entry.gid, 28);
  bytes.writeBigInt64LE(BigInt(Math.floor(entry.mtime)), 32);
  bytes.writeUInt32LE(inode.links, 44);
  return Buffer.concat([bytes, xattrs]);
}

/** A name in a directory, with the number and type of its inode. */
export interface Dirent {
  readonly name: string;
  readonly nid: number;
  readonly type: Entry["type"];
}

/**
 * A directory's content: each block holds entries of 12 bytes, then their names, sorted by the bytes of the names. Its
 * length does not depend on the inode numbers.
 */
export function encodeDirents(dirents: readonly Dirent[]): Buffer {
  const named = dirents.map((dirent) => ({ ...dirent, bytes: encodePath(dirent.name) })).sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  const blocks: Buffer[] = [];
  for (let from = 0; from < named.length; ) {
    let to = from;
    let used = 0;
    while (to < named.length && used + 12 + present(named[to]).bytes.length <= EROFS_BLOCK) used += 12 + present(named[to++]).bytes.length;
    const block = Buffer.alloc(to < named.length ? EROFS_BLOCK : used);
    let nameAt = 12 * (to - from);
    named.slice(from, to).forEach(({ nid, type, bytes }, index) => {
      block.writeBigUInt64LE(BigInt(nid), 12 * index);
      block.writeUInt16LE(nameAt, 12 * index + 8);
      block[12 * index + 10] = DIRENT_TYPE[type];
      block.set(bytes, nameAt);
      nameAt += bytes.length;
    });
    blocks.push(block);
    from = to;
  }
  return Buffer.concat(blocks);
}
