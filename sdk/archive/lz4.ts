import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";
import { ByteReader } from "./byte-reader.ts";

/** The first four bytes of LZ4's legacy frame. */
export const LZ4_LEGACY = 0x184c2102;

/** Most bytes that a block unpacks to (LZ4 frame format, "Legacy frame"). */
const BLOCK = 8 << 20;

/** Bytes up to which a loop is faster than a call that copies. */
const SHORT = 48;

/**
 * Decompresses LZ4's legacy frame, in which the kernel's build packs kernels: blocks of up to 8 MiB, each on its own
 * (https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md). It has no end mark: what follows the last block, such as
 * the size that the kernel's build appends, ends it. A chunk is valid until the next one is asked for.
 *
 * @param what names the stream in messages
 * @throws CORRUPT for a wrong magic number or a broken block
 */
export async function* lz4Legacy(source: Bytes, what: string): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(source);
  const target = Buffer.allocUnsafeSlow(BLOCK);
  try {
    const magic = await reader.read(4);
    if (magic.length < 4 || magic.readUInt32LE() !== LZ4_LEGACY) throw corrupt(what, "not a legacy frame");
    for (;;) {
      const head = await reader.read(4);
      if (head.length < 4) return;
      const size = head.readUInt32LE();
      // a block of incompressible bytes grows by a 255th at most
      if (size === 0 || size > BLOCK + BLOCK / 255 + 16) return;
      const block = await reader.read(size);
      if (block.length < size) return;
      yield target.subarray(0, unpackBlock(block, target, what));
    }
  } finally {
    await reader.close();
  }
}

/** Unpacks one block: sequences of literals and of matches in what is already unpacked. Returns the unpacked bytes. */
function unpackBlock(block: Uint8Array, target: Buffer, what: string): number {
  let at = 0;
  let end = 0;
  const length = (nibble: number): number => {
    let total = nibble;
    if (nibble < 15) return total;
    for (let more = 255; more === 255; total += more) {
      if (at >= block.length) throw corrupt(what, "a block is cut short");
      more = block[at++] as number;
    }
    return total;
  };
  while (at < block.length) {
    const token = block[at++] as number;
    const literals = length(token >> 4);
    if (at + literals > block.length || end + literals > target.length) throw corrupt(what, "literals lead out of a block");
    if (literals > SHORT) target.set(block.subarray(at, at + literals), end);
    else for (let index = 0; index < literals; index++) target[end + index] = block[at + index] as number;
    at += literals;
    end += literals;
    // the last sequence has literals only
    if (at === block.length) break;
    if (at + 2 > block.length) throw corrupt(what, "a block is cut short");
    const offset = (block[at] as number) | ((block[at + 1] as number) << 8);
    at += 2;
    const match = length(token & 15) + 4;
    if (offset === 0 || offset > end || end + match > target.length) throw corrupt(what, "a match leads out of a block");
    copyMatch(target, end, offset, match);
    end += match;
  }
  return end;
}

// a match may reach into what it writes: it then repeats the last bytes
function copyMatch(target: Buffer, end: number, offset: number, length: number): void {
  if (length > SHORT && offset >= length) {
    target.copyWithin(end, end - offset, end - offset + length);
    return;
  }
  for (let index = 0; index < length; index++) target[end + index] = target[end - offset + index] as number;
}

function corrupt(what: string, why: string): LinuxKitError {
  return new LinuxKitError("CORRUPT", `${what}: its lz4 data is broken: ${why}`, { path: what });
}
