import { crc32 } from "node:zlib";
import type { Bytes } from "../core/bytes.ts";
import { mapOrdered } from "../core/ordered.ts";
import { rechunk } from "../core/rechunk.ts";
import { Deflater } from "./deflater.ts";

const CHUNK = 1 << 20;
/** Chunks that are compressed at once. */
const AT_ONCE = 6;

/**
 * One gzip member (RFC 1952) of a stream, without name or time. Each MiB is compressed on its own, so several are
 * under way at once; the size and the bytes do not depend on how the source was cut. A chunk is good until the next one
 * is asked for.
 */
export async function* gzip(source: Bytes, level = 6): AsyncGenerator<Uint8Array> {
  using deflater = new Deflater({ wrap: "raw", blockSize: CHUNK, atOnce: AT_ONCE, level, end: "flush" });
  let crc = 0;
  let size = 0;
  // deflate, no flags, no time, no hint, unknown system
  yield Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of rechunk(source, CHUNK, AT_ONCE)) {
      crc = crc32(chunk, crc);
      size += chunk.length;
      yield chunk;
    }
  }
  // a full flush ends on a byte boundary without being the last block: pieces follow each other in one stream
  yield* mapOrdered(counted(), AT_ONCE, (chunk) => deflater.deflate(chunk));
  const tail = Buffer.alloc(10);
  // an empty block that is the last one
  tail[0] = 3;
  tail.writeUInt32LE(crc, 2);
  tail.writeUInt32LE(size % 2 ** 32, 6);
  yield tail;
}
