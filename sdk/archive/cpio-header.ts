import { LinuxKitError } from "../core/errors.ts";
import type { EntryType } from "./entry.ts";

/** The fields of one header of a newc cpio archive (kernel: driver-api/early-userspace/buffer-format). */
export interface CpioHeader {
  readonly inode: number;
  /** File type and permission bits, as `st_mode`. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** How many names the file has. */
  readonly links: number;
  readonly mtime: number;
  /** Bytes of data after the name. */
  readonly size: number;
  /** Device numbers of a character or block device, else 0. */
  readonly major: number;
  readonly minor: number;
  /** The name's bytes without the closing NUL. */
  readonly name: Uint8Array;
}

/** The `S_IFMT` bits of each type; a hard link is another name of a file. */
export const TYPE_BITS: Readonly<Record<EntryType, number>> = {
  fifo: 0o010000,
  character: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  hardlink: 0o100000,
  symlink: 0o120000,
};

/** The name that ends an archive. */
export const TRAILER = "TRAILER!!!";

/** Most bytes of a name with its NUL, and of a symlink's target; the kernel silently skips longer ones. */
export const PATH_MAX = 4096;

const FIELD_MAX = 0xffff_ffff;

/**
 * A header with its name, padded so that the data starts at a multiple of four.
 *
 * @throws TOO_LARGE for a field that does not fit 32 bits
 */
export function encodeCpioHeader(header: CpioHeader): Buffer {
  const { inode, mode, uid, gid, links, mtime, size, major, minor, name } = header;
  const fields = [inode, mode, uid, gid, links, mtime, size, 0, 0, major, minor, name.length + 1, 0];
  let text = "070701";
  for (const field of fields) {
    if (!Number.isInteger(field) || field < 0 || field > FIELD_MAX) throw fieldTooLarge(header, field);
    text += field.toString(16).padStart(8, "0");
  }
  const used = text.length + name.length + 1;
  const block = Buffer.alloc(used + padding(used));
  block.write(text, "latin1");
  block.set(name, text.length);
  return block;
}

/** How many zero bytes pad `size` bytes to a multiple of four, where the next header starts. */
export function padding(size: number): number {
  return (4 - (size % 4)) % 4;
}

function fieldTooLarge({ name, size }: CpioHeader, field: number): LinuxKitError {
  const path = Buffer.from(name).toString();
  const advice =
    field === size ? "a file in an initramfs must be smaller than 4 GiB; put it on a disk" : "a number in a cpio header must fit 32 bits";
  return new LinuxKitError("TOO_LARGE", `${path}: got ${field}, wanted at most ${FIELD_MAX}: ${advice}`, {
    what: path,
    limit: FIELD_MAX,
    got: field,
  });
}
