import { once } from "node:events";
import { constants, createGzip, createZstdCompress, type Gzip, type ZstdCompress } from "node:zlib";
import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError, throwIfCancelled } from "../core/errors.ts";
import { rechunk } from "../core/rechunk.ts";
import type { SegmentCompression } from "../plan/plan.ts";

/** The kernel takes a zstd window of at most 2^27 bytes, and no level of these has a longer one. */
const MAX_LEVEL = { zstd: 22, gzip: 9 } as const;
/** What the compressor gets at a time. */
const BLOCK = 1 << 17;
/** Where a gzip header names the operating system, and the value for "unknown" (RFC 1952, 2.3.1). */
const GZIP_OS = { offset: 9, unknown: 255 } as const;

/**
 * Compresses a stream into one zstd frame with a checksum, or one gzip member: the kernel takes no more than one per
 * archive. The bytes depend on nothing but the input, the level, and the compressor's version; not on how the input
 * was cut into chunks, nor on the machine's load.
 *
 * A chunk is good until the next one is asked for: see `Memory`.
 */
export async function* compress(source: Bytes, { algorithm, level }: SegmentCompression, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const compressor = algorithm === "zstd" ? zstd(level) : gzip(level);
  // the source's errors come out where the output is read; nobody listens any more when the reader has gone
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

// The compressor is done with a block whose end it has reached, and fills a new one each time. Their memory is given
// back at once: the collector would let tens of megabytes wait.
function release({ buffer, byteOffset, length }: Buffer): void {
  if (byteOffset + length === buffer.byteLength) (buffer as ArrayBuffer).transfer(0);
}

// The end is only told once every block has been taken: a compressor that learns of it together with a block may
// write other bytes, and whether it does would be a matter of timing.
async function feed(source: Bytes, compressor: Gzip | ZstdCompress, signal: AbortSignal | undefined): Promise<void> {
  // a compressor that is destroyed at work never calls back
  const closed = once(compressor, "close").catch(() => {});
  const write = (chunk: Uint8Array) =>
    Promise.race([closed, new Promise<void>((resolve, reject) => compressor.write(chunk, (error) => (error ? reject(error) : resolve())))]);
  // it is done with a block once it calls back
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
