import { once } from "node:events";
import { constants, createGzip, createZstdCompress, type Gzip, type ZstdCompress } from "node:zlib";
import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError, throwIfCancelled } from "../core/errors.ts";
import { rechunk } from "../core/rechunk.ts";
import type { SegmentCompression } from "../plan/plan.ts";

/** The kernel accepts a zstd window of at most 2^27 bytes. No level up to these has a larger one. */
const MAX_LEVEL = { zstd: 22, gzip: 9 } as const;
/** Bytes that the compressor receives at a time. */
const BLOCK = 1 << 17;
/** The operating system field of a gzip header, and its value for "unknown" (RFC 1952, 2.3.1). */
const GZIP_OS = { offset: 9, unknown: 255 } as const;

/**
 * Compresses a stream into one zstd frame with a checksum, or one gzip member: the kernel accepts only one per archive.
 * The bytes depend only on the input, the level and the compressor's version. They do not depend on how the input is
 * cut into chunks, nor on the computer's load.
 *
 * A chunk is valid until the next one is requested: see `Memory`.
 *
 * @throws INVALID_DEFINITION for a level out of range, CANCELLED, and the errors of the source
 */
export async function* compress(source: Bytes, { algorithm, level }: SegmentCompression, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const compressor = algorithm === "zstd" ? zstd(level) : gzip(level);
  // the source's errors are thrown where the output is read; after the reader has left, they are ignored
  compressor.on("error", () => {});
  const fed = feed(source, compressor, signal).catch((error: unknown) => compressor.destroy(error as Error));
  try {
    let first = algorithm === "gzip";
    for await (const chunk of compressor as AsyncIterable<Buffer>) {
      if (first) chunk[GZIP_OS.offset] = GZIP_OS.unknown;
      first = false;
      yield chunk;
      release(chunk);
    }
  } finally {
    compressor.destroy();
    await fed;
  }
}

// The compressor does not touch an output block again once it is full. Freeing each block at once keeps tens of
// megabytes from waiting for the garbage collector.
function release({ buffer, byteOffset, length }: Buffer): void {
  if (byteOffset + length === buffer.byteLength) (buffer as ArrayBuffer).transfer(0);
}

// Signals the end only after every block has been consumed. A compressor that receives the end together with a block
// may write different bytes, and that would depend on timing.
async function feed(source: Bytes, compressor: Gzip | ZstdCompress, signal: AbortSignal | undefined): Promise<void> {
  // a compressor that is destroyed while it works never calls back
  const closed = once(compressor, "close").catch(() => {});
  const write = (chunk: Uint8Array) =>
    Promise.race([closed, new Promise<void>((resolve, reject) => compressor.write(chunk, (error) => (error ? reject(error) : resolve())))]);
  // the compressor has consumed a block once it calls back
  for await (const block of rechunk(source, BLOCK, 1)) {
    throwIfCancelled(signal, "compressing");
    await write(block);
    if (compressor.destroyed) return;
  }
  throwIfCancelled(signal, "compressing");
  compressor.end();
}

function zstd(level: number): ZstdCompress {
  return createZstdCompress({
    chunkSize: BLOCK,
    params: { [constants.ZSTD_c_compressionLevel]: checkLevel("zstd", level), [constants.ZSTD_c_checksumFlag]: 1 },
  });
}

function gzip(level: number): Gzip {
  return createGzip({ level: checkLevel("gzip", level), chunkSize: BLOCK });
}

function checkLevel(algorithm: "zstd" | "gzip", level: number): number {
  if (Number.isInteger(level) && level >= 1 && level <= MAX_LEVEL[algorithm]) return level;
  throw new LinuxKitError("INVALID_DEFINITION", `compression level: got ${level}, wanted 1…${MAX_LEVEL[algorithm]} for ${algorithm}`, {
    path: "compression.level",
  });
}
