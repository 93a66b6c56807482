import { Readable, pipeline } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError, isLinuxKitError } from "../core/errors.ts";
import { zstdFrames } from "./zstd-frames.ts";

/** The compressions that both layers and packages use. */
export type Compression = "gzip" | "zstd";

const CHUNK = 64 << 10;

/**
 * Decompresses a stream of one or several members. Any number of streams may run at a time, each at its own pace. An
 * error of the source is rethrown unchanged. The source is closed when this ends, for any reason.
 *
 * @param what names the stream in messages
 * @throws CORRUPT where the compressed data is malformed or cut short
 */
export async function* decompressAs(compression: Compression, source: Bytes, what: string): AsyncGenerator<Uint8Array> {
  const input = compression === "gzip" ? through(source) : zstdFrames(source, what);
  const unpack = compression === "gzip" ? createGunzip({ chunkSize: CHUNK }) : createZstdDecompress({ chunkSize: CHUNK });
  try {
    // the callback ignores failures: pipeline destroys `unpack` with the error, and the reader's loop throws it
    yield* pipeline(Readable.from(input, { objectMode: false }), unpack, () => {});
  } catch (error) {
    if (isLinuxKitError(error) || !/^(?:Z_|ZSTD_)/.test((error as { code?: string }).code ?? "")) throw error;
    throw new LinuxKitError(
      "CORRUPT",
      `${what}: its ${compression} data is broken: ${(error as Error).message}`,
      { path: what },
      { cause: error },
    );
  } finally {
    await input.return(undefined);
  }
}

async function* through(source: Bytes): AsyncGenerator<Uint8Array> {
  yield* source;
}
