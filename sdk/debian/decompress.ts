import { Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";

/** The compressions that Debian's indexes and packages use, by the ending of their names. */
export type Compression = "" | "xz" | "gz" | "zst";

/**
 * Decompresses a stream chunk by chunk.
 *
 * @param path what to call the stream in errors
 * @throws CORRUPT when the stream breaks its format or ends early
 */
export async function* decompress(source: Bytes, compression: Compression, path: string): AsyncGenerator<Uint8Array> {
  // an error of the source itself (a wrong digest, a lost connection) must come out as it is
  let failure: unknown;
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* source;
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  try {
    yield* decoderOf(watched(), compression, await xzOf(compression));
  } catch (error) {
    if (failure !== undefined) throw failure;
    throw new LinuxKitError("CORRUPT", `${path}: ${(error as Error).message}`, { path }, { cause: error });
  }
}

type Xz = typeof import("xz-decompress").XzReadableStream;

async function xzOf(compression: Compression): Promise<Xz | undefined> {
  if (compression !== "xz") return undefined;
  // a CommonJS bundle whose exports Node cannot name: what it exports is the default
  const loaded = (await import("xz-decompress")) as unknown as { default: typeof import("xz-decompress") };
  return loaded.default.XzReadableStream;
}

function decoderOf(source: AsyncIterable<Uint8Array>, compression: Compression, Xz: Xz | undefined): AsyncIterable<Uint8Array> {
  if (Xz) return new Xz(ReadableStream.from(source) as ReadableStream<Uint8Array>) as unknown as AsyncIterable<Uint8Array>;
  if (compression === "") return source;
  const input = Readable.from(source, { objectMode: false });
  const decoder = compression === "gz" ? createGunzip() : createZstdDecompress();
  input.once("error", (error) => decoder.destroy(error));
  return input.pipe(decoder);
}
