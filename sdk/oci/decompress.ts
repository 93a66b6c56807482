import { Readable, pipeline } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError, isLinuxKitError } from "../core/errors.ts";
import { zstdFrames } from "./zstd-frames.ts";

/** How a layer is compressed. */
export type LayerCompression = "none" | "gzip" | "zstd";

/** What a stream's first four bytes say of its compression; media types are often wrong about it. */
export function compressionOf(start: Uint8Array): LayerCompression {
  if (start[0] === 0x1f && start[1] === 0x8b) return "gzip";
  if (start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd && start[0] === 0x28) return "zstd";
  // a zstd stream may begin with a skippable frame
  if (start[1] === 0x2a && start[2] === 0x4d && start[3] === 0x18 && ((start[0] as number) & 0xf0) === 0x50) return "zstd";
  return "none";
}

/**
 * A stream without its compression: gzip or zstd, of one or several members, or none.
 *
 * @param what names the stream in messages
 * @throws CORRUPT where the compressed data is malformed or cut
 */
export async function* decompress(source: Bytes, what: string): AsyncGenerator<Uint8Array> {
  const { start, all } = await peek(source, 4);
  const compression = compressionOf(start);
  if (compression === "none") return yield* all;
  const unpack = compression === "gzip" ? createGunzip({ chunkSize: CHUNK }) : createZstdDecompress({ chunkSize: CHUNK });
  try {
    // the loop below sees every failure: pipeline destroys `unpack` with it
    yield* pipeline(Readable.from(compression === "gzip" ? all : zstdFrames(all, what)), unpack, () => {});
  } catch (error) {
    if (isLinuxKitError(error) || !/^(?:Z_|ZSTD_)/.test((error as { code?: string }).code ?? "")) throw error;
    throw new LinuxKitError("CORRUPT", `${what}: its ${compression} data is broken: ${(error as Error).message}`, { path: what }, { cause: error });
  }
}

const CHUNK = 64 << 10;

// the first bytes of a stream, and the stream with them
async function peek(source: Bytes, length: number): Promise<{ start: Uint8Array; all: AsyncGenerator<Uint8Array> }> {
  const chunks = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let start: Uint8Array = new Uint8Array(0);
  while (start.length < length) {
    const next = await chunks.next();
    if (next.done) break;
    start = start.length === 0 ? next.value : Buffer.concat([start, next.value]);
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      if (start.length > 0) yield start;
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
    } finally {
      await chunks.return?.();
    }
  }
  return { start, all: all() };
}
