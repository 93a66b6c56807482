// a named import of what an older Node lacks would hide the message that a newer one is needed
import zlib from "node:zlib";
import type { Bytes } from "../core/bytes.ts";
import { mapOrdered } from "../core/ordered.ts";
import { rechunk } from "../core/rechunk.ts";
import { Deflater } from "./deflater.ts";

const CHUNK = 1 << 20;
/** Chunks that are compressed at once. */
const AT_ONCE = 6;

/**
 * Compresses a stream to one gzip member (RFC 1952), without name or time. Each MiB is compressed independently, several
 * at a time. The result does not depend on the chunks of the source. A chunk is valid until the next one is asked for.
 *
 * @param level of zlib, 1 to 9 @default 6
 */
export async function* gzip(source: Bytes, level = 6): AsyncGenerator<Uint8Array> {
  using deflater = new Deflater({ wrap: "raw", blockSize: CHUNK, atOnce: AT_ONCE, level, end: "flush" });
  let crc = 0;
  let size = 0;
  // deflate, no flags, no time, no hint, unknown system
  yield Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of rechunk(source, CHUNK, AT_ONCE)) {
      crc = zlib.crc32(chunk, crc);
      size += chunk.length;
      yield chunk;
    }
  }
  // a full flush ends on a byte boundary without ending the stream, so that pieces can follow each other
  yield* mapOrdered(counted(), AT_ONCE, (chunk) => deflater.deflate(chunk));
  const tail = Buffer.alloc(10);
  // an empty last block
  tail[0] = 3;
  tail.writeUInt32LE(crc, 2);
  tail.writeUInt32LE(size % 2 ** 32, 6);
  yield tail;
}
