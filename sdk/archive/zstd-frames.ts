import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";
import { ByteReader } from "./byte-reader.ts";

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;

/**
 * Cuts a zstd stream into chunks that never cross the end of a frame (RFC 8878 3.1), without skippable frames.
 * `node:zlib` stops at the end of a frame and drops the rest of that chunk without an error; layers of many frames are
 * common (pzstd, zstd:chunked).
 *
 * @throws CORRUPT where a frame is malformed or cut short
 */
export async function* zstdFrames(source: Bytes, what: string): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(source);
  const need = async (length: number): Promise<Buffer> => {
    const bytes = await reader.read(length);
    if (bytes.length < length) throw corrupt(what, reader.offset, "cut short");
    return bytes;
  };
  async function* pass(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      const chunk = await reader.take(left);
      if (!chunk) throw corrupt(what, reader.offset, "cut short");
      left -= chunk.length;
      yield chunk;
    }
  }
  try {
    for (;;) {
      const first = await reader.read(4);
      if (first.length === 0) return;
      const magic = first.length === 4 ? first.readUInt32LE() : 0;
      if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
        const length = (await need(4)).readUInt32LE();
        if ((await reader.skip(length)) < length) throw corrupt(what, reader.offset, "cut short");
        continue;
      }
      if (magic !== MAGIC) throw corrupt(what, reader.offset - first.length, "wanted the start of a zstd frame");
      const start = Buffer.from(first);
      const descriptor = Buffer.from(await need(1));
      const flags = descriptor[0] as number;
      const rest = await need(headerLength(flags));
      yield Buffer.concat([start, descriptor, rest]);
      for (let last = false; !last; ) {
        const header = await need(3);
        const bits = header.readUIntLE(0, 3);
        last = (bits & 1) === 1;
        yield header;
        // a run-length block holds one byte; its size field is the length it expands to (RFC 8878 3.1.1.2)
        yield* pass(((bits >> 1) & 3) === 1 ? 1 : bits >> 3);
      }
      if (flags & 4) yield await need(4);
    }
  } finally {
    await reader.close();
  }
}

// what follows the frame header descriptor: window, dictionary id, content size (RFC 8878 3.1.1.1)
function headerLength(flags: number): number {
  const single = (flags >> 5) & 1;
  const size = [single, 2, 4, 8][flags >> 6] as number;
  return (single ? 0 : 1) + ([0, 1, 2, 4][flags & 3] as number) + size;
}

function corrupt(what: string, offset: number, why: string): LinuxKitError {
  return new LinuxKitError("CORRUPT", `${what}: byte ${offset} of its zstd data: ${why}`, { path: what });
}
