import { promisify } from "node:util";
import { constants, crc32, deflateRaw } from "node:zlib";
import type { Bytes } from "../core/bytes.ts";
import { mapOrdered } from "../core/ordered.ts";
import { rechunk } from "../core/rechunk.ts";
import { isCompressible } from "./compressible.ts";

const CHUNK = 1 << 20;
const deflate = promisify<Uint8Array, object, Buffer>(deflateRaw);

/**
 * One gzip member (RFC 1952) of a stream, without name or time. Each MiB is compressed on its own, so several are
 * under way at once; the size and the bytes do not depend on how the source was cut.
 */
export async function* gzip(source: Bytes, level = 6): AsyncGenerator<Uint8Array> {
  let crc = 0;
  let size = 0;
  // deflate, no flags, no time, no hint, unknown system
  yield Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of rechunk(source, CHUNK)) {
      crc = crc32(chunk, crc);
      size += chunk.length;
      yield chunk;
    }
  }
  // a full flush ends on a byte boundary without being the last block: pieces follow each other in one stream
  yield* mapOrdered(counted(), 6, (chunk) => deflate(chunk, { level: isCompressible(chunk) ? level : 0, finishFlush: constants.Z_FULL_FLUSH }));
  const tail = Buffer.alloc(10);
  // an empty block that is the last one
  tail[0] = 3;
  tail.writeUInt32LE(crc, 2);
  tail.writeUInt32LE(size % 2 ** 32, 6);
  yield tail;
}
