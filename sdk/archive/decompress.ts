// a named import of what an older Node lacks would hide the message that a newer one is needed
import zlib from "node:zlib";
import type { Bytes, Memory } from "../core/bytes.ts";
import { LinuxKitError, isLinuxKitError } from "../core/errors.ts";
import { through } from "./zlib-stream.ts";
import { zstdFrames } from "./zstd-frames.ts";

/** The compressions that both layers and packages use. */
export type Compression = "gzip" | "zstd";

const CHUNK = 128 << 10;

/**
 * Decompresses a stream of one or several members. Any number of streams may run at a time, each at its own pace. An
 * error of the source is rethrown unchanged. The source is closed when this ends, for any reason.
 *
 * @param what names the stream in messages
 * @param memory of the chunks that this yields @default "own"
 * @throws CORRUPT where the compressed data is malformed or cut short
 */
export async function* decompressAs(
  compression: Compression,
  source: Bytes,
  what: string,
  memory: Memory = "own",
): AsyncGenerator<Uint8Array> {
  try {
    if (compression === "gzip") yield* through(zlib.createGunzip({ chunkSize: CHUNK }), source, memory);
    else yield* through(zlib.createZstdDecompress({ chunkSize: CHUNK }), zstdFrames(source, what), memory);
  } catch (error) {
    if (isLinuxKitError(error) || !/^(?:Z_|ZSTD_)/.test((error as { code?: string }).code ?? "")) throw error;
    throw new LinuxKitError(
      "CORRUPT",
      `${what}: its ${compression} data is broken: ${(error as Error).message}`,
      { path: what },
      { cause: error },
    );
  }
}
