import { LinuxKitError } from "../core/errors.ts";
import { zeroes } from "../core/zero.ts";
import { occupiedBlocks, readBlocks } from "../disk/block.ts";
import { type Disk, SECTOR } from "../disk/extent.ts";
import { gzip } from "./gzip.ts";

const GIB = 2 ** 30;
const BLOCK = 65536;
const NAME = "disk.raw";

interface Segment {
  readonly offset: number;
  length: number;
}

/**
 * The archive that Compute Engine imports: `disk.raw` in a gzipped tar of the old GNU format. The file is stored sparse
 * (GNU tar manual, "Old GNU Format"; `tar -S` writes the same), so a disk of many GiB costs only its content.
 *
 * @param level of zlib, 1 to 9 @default 6
 * @throws INVALID_DEFINITION when the disk is not whole GiB, which the import requires
 */
export async function* writeGcp(disk: Disk, level = 6): AsyncGenerator<Uint8Array> {
  if (disk.size === 0 || disk.size % GIB !== 0)
    throw new LinuxKitError("INVALID_DEFINITION", `gcp: a disk of ${disk.size} bytes, wanted whole GiB, as Compute Engine requires`, {
      path: "size",
    });
  yield* gzip(writeTar(disk), level);
}

async function* writeTar(disk: Disk): AsyncGenerator<Uint8Array> {
  const segments: Segment[] = [];
  for (const index of occupiedBlocks(disk, BLOCK)) {
    const last = segments.at(-1);
    if (last && last.offset + last.length === index * BLOCK) last.length += BLOCK;
    else segments.push({ offset: index * BLOCK, length: BLOCK });
  }
  const end = segments.at(-1);
  // an empty segment at the end marks a file that ends with a hole
  if (!end || end.offset + end.length < disk.size) segments.push({ offset: disk.size, length: 0 });
  const stored = segments.reduce((sum, { length }) => sum + length, 0);
  yield encodeHeader(disk.size, stored, segments);
  for (let at = 4; at < segments.length; at += 21) yield encodeMap(segments.slice(at, at + 21), at + 21 < segments.length);
  for await (const { bytes } of readBlocks(disk, BLOCK, { zeroBlocks: "keep" })) yield bytes;
  // two empty records end an archive
  yield* zeroes(2 * SECTOR);
}

function encodeHeader(size: number, stored: number, segments: readonly Segment[]): Buffer {
  const header = Buffer.alloc(SECTOR);
  header.write(NAME, 0, "latin1");
  header.write("0000644\0" + "0000000\0" + "0000000\0", 100, "latin1");
  header.set(number(stored), 124);
  header.set(number(0), 136);
  header.write("        S", 148, "latin1");
  header.write("ustar  \0", 257, "latin1");
  header.set(Buffer.concat(segments.slice(0, 4).flatMap(({ offset, length }) => [number(offset), number(length)])), 386);
  header[482] = segments.length > 4 ? 1 : 0;
  header.set(number(size), 483);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}

/** A record with 21 more segments. */
function encodeMap(segments: readonly Segment[], more: boolean): Buffer {
  const record = Buffer.alloc(SECTOR);
  record.set(Buffer.concat(segments.flatMap(({ offset, length }) => [number(offset), number(length)])));
  record[504] = more ? 1 : 0;
  return record;
}

/** Twelve bytes: eleven octal digits, or from 8 GiB on a binary number marked by the high bit. */
function number(value: number): Buffer {
  if (value < 8 ** 11) return Buffer.from(`${value.toString(8).padStart(11, "0")}\0`, "latin1");
  const bytes = Buffer.alloc(12);
  bytes[0] = 0x80;
  bytes.writeBigUInt64BE(BigInt(value), 4);
  return bytes;
}
