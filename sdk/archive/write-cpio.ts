import { LinuxKitError } from "../core/errors.ts";
import { encodeCpioHeader, PATH_MAX, padding, TRAILER, TYPE_BITS } from "./cpio-header.ts";
import type { Entry } from "./entry.ts";
import { encodePath } from "./path.ts";
import { wholeBody } from "./whole-body.ts";

/** An entry for a cpio archive. */
export interface CpioEntry extends Entry {
  /**
   * How many paths share this file, itself included. The kernel only links to a file whose header has a link count
   * above 1, so the count must be known before the hard links come. @default 1
   */
  readonly names?: number;
}

/**
 * Writes a whole newc cpio archive with its trailer: the format of an initramfs (kernel:
 * driver-api/early-userspace/buffer-format). A file with several names carries its data with the first of them (the
 * kernel and GNU cpio accept it with any). Extended attributes are left out: the format cannot hold them. Inodes are
 * counted from 1, so the same entries give the same bytes.
 *
 * @throws TOO_LARGE for a file of 4 GiB or more, a path or symlink target of more than 4095 bytes
 * @throws CORRUPT for a hard link to anything but an earlier file with `names` above 1, a symlink without a target, a
 * path called `TRAILER!!!`, and a NUL in a name
 * @throws SIZE_MISMATCH when a body is not as long as its header says
 */
export async function* writeCpio(entries: AsyncIterable<CpioEntry> | Iterable<CpioEntry>): AsyncGenerator<Uint8Array> {
  const shared = new Map<string, { inode: number; entry: CpioEntry }>();
  let inode = 0;
  for await (const entry of entries) {
    const name = checkedName(entry.path);
    if (entry.type === "hardlink") {
      const first = shared.get(entry.link ?? "");
      if (!first) throw corrupt(entry.path, `a hard link to ${entry.link ?? "nothing"}, wanted an earlier file with names above 1`);
      yield header(first.entry, first.inode, name, 0);
      continue;
    }
    inode++;
    if ((entry.names ?? 1) > 1) shared.set(entry.path, { inode, entry });
    const target = entry.type === "symlink" ? checkedTarget(entry) : undefined;
    const size = target?.length ?? entry.size;
    yield header(entry, inode, name, size);
    if (target) yield target;
    else if (entry.type === "file") yield* wholeBody(entry);
    yield new Uint8Array(padding(size));
  }
  yield encodeCpioHeader({
    inode: 0,
    mode: 0,
    uid: 0,
    gid: 0,
    links: 1,
    mtime: 0,
    size: 0,
    major: 0,
    minor: 0,
    name: Buffer.from(TRAILER),
  });
}

function header(entry: CpioEntry, inode: number, name: Buffer, size: number): Buffer {
  const device = entry.type === "character" || entry.type === "block";
  return encodeCpioHeader({
    inode,
    mode: TYPE_BITS[entry.type] | (entry.mode & 0o7777),
    uid: entry.uid,
    gid: entry.gid,
    links: entry.type === "directory" ? 2 : (entry.names ?? 1),
    mtime: Math.max(0, Math.floor(entry.mtime)),
    size,
    major: device ? (entry.major ?? 0) : 0,
    minor: device ? (entry.minor ?? 0) : 0,
    name,
  });
}

function checkedName(path: string): Buffer {
  // newc calls the root "."
  const name = encodePath(path || ".");
  if (path === TRAILER) throw corrupt(path, "this name would end the archive");
  return checkedBytes(path, name, PATH_MAX - 1);
}

function checkedTarget(entry: CpioEntry): Buffer {
  return checkedBytes(entry.path, encodePath(entry.link ?? ""), PATH_MAX - 1);
}

function checkedBytes(path: string, bytes: Buffer, limit: number): Buffer {
  if (bytes.length === 0) throw corrupt(path, "a symlink without a target");
  if (bytes.includes(0)) throw corrupt(path.replaceAll("\0", "\\0"), "a NUL byte in a name");
  if (bytes.length > limit) {
    throw new LinuxKitError("TOO_LARGE", `${path.slice(0, 80)}…: a name of ${bytes.length} bytes, wanted at most ${limit}`, {
      what: path,
      limit,
      got: bytes.length,
    });
  }
  return bytes;
}

function corrupt(path: string, why: string): LinuxKitError {
  return new LinuxKitError("CORRUPT", `${path}: ${why}`, { path });
}
