// a named import of what an older Node lacks would hide the message that a newer one is needed
import zlib from "node:zlib";
import { through } from "../archive/zlib-stream.ts";
import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError, throwIfCancelled } from "../core/errors.ts";
import { rechunk } from "../core/rechunk.ts";
import { gzip } from "../format/gzip.ts";
import type { SegmentCompression } from "../plan/plan.ts";

/** The kernel accepts a zstd window of at most 2^27 bytes. No level up to these has a larger one. */
const MAX_LEVEL = { zstd: 22, gzip: 9 } as const;
/** Bytes that the compressor receives at a time. */
const BLOCK = 1 << 17;

/**
 * Compresses a stream into one zstd frame with a checksum, or one gzip member. The kernel accepts only one per archive:
 * at the end of each member the archive must have ended (`unpack_to_rootfs` of init/initramfs.c). So what several
 * threads compress at once is not members, but blocks of one member, each without the others' window, as with pigz -i.
 *
 * The bytes depend only on the input, the level and the compressor's version. They do not depend on how the input is
 * cut into chunks, on the number of threads, or on the computer's load.
 *
 * A chunk is valid until the next one is requested: see `Memory`.
 *
 * @throws INVALID_DEFINITION for a level out of range, CANCELLED, and the errors of the source
 */
export async function* compress(
  source: Bytes,
  { algorithm, level, window }: SegmentCompression,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  checkLevel(algorithm, level);
  const blocks = untilCancelled(rechunk(source, BLOCK, 1), signal);
  if (algorithm === "gzip") yield* gzip(blocks, level);
  else yield* through(zstd(level, window), blocks, "reused");
}

async function* untilCancelled(source: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    throwIfCancelled(signal, "compressing");
    yield chunk;
  }
  throwIfCancelled(signal, "compressing");
}

function zstd(level: number, window: number | undefined): ReturnType<typeof zlib.createZstdCompress> {
  return zlib.createZstdCompress({
    chunkSize: BLOCK,
    params: {
      [zlib.constants.ZSTD_c_compressionLevel]: level,
      [zlib.constants.ZSTD_c_checksumFlag]: 1,
      ...(window !== undefined && { [zlib.constants.ZSTD_c_windowLog]: window }),
    },
  });
}

function checkLevel(algorithm: "zstd" | "gzip", level: number): void {
  if (Number.isInteger(level) && level >= 1 && level <= MAX_LEVEL[algorithm]) return;
  throw new LinuxKitError("INVALID_DEFINITION", `compression level: got ${level}, wanted 1…${MAX_LEVEL[algorithm]} for ${algorithm}`, {
    path: "compression.level",
  });
}
