import { createRequire } from "node:module";
import { decompressAs } from "../archive/decompress.ts";
import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";

/** The compressions of Debian's indexes and packages, by file extension. */
export type DebCompression = "" | "xz" | "gz" | "zst";

/**
 * Decompresses a stream chunk by chunk. Several streams can be read concurrently, each at its own pace.
 *
 * @param path the stream's name, for errors
 * @throws CORRUPT if the stream is invalid or ends early
 */
export async function* decompress(source: Bytes, compression: DebCompression, path: string): AsyncGenerator<Uint8Array> {
  if (compression === "") yield* source;
  else if (compression === "xz") yield* checkedXz(source, path);
  else yield* decompressAs(compression === "gz" ? "gzip" : "zstd", source, path);
}

async function* checkedXz(source: Bytes, path: string): AsyncGenerator<Uint8Array> {
  // an error of the source itself (a wrong digest, a lost connection) must be thrown unchanged
  let failure: { error: unknown } | undefined;
  const watched = (async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* source;
    } catch (error) {
      failure = { error };
      throw error;
    }
  })();
  try {
    yield* unxz(watched);
  } catch (error) {
    if (failure) throw failure.error;
    throw new LinuxKitError("CORRUPT", `${path}: ${(error as Error).message}`, { path }, { cause: error });
  } finally {
    await watched.return(undefined);
  }
}

/** The parts of xz-decompress that are used, including a private one. */
interface XzDecompress {
  readonly XzReadableStream: typeof import("xz-decompress").XzReadableStream & {
    _contextMutex: { acquire(): Promise<void>; release(): void };
  };
}

/**
 * Unused copies of the library. The streams of one copy share a memory. When one of them grows it, the others keep views
 * of the old memory and read their input twice, so each stream uses its own copy.
 */
const idle: XzDecompress[] = [];

const require = createRequire(import.meta.url);

function freshCopy(): XzDecompress {
  const path = require.resolve("xz-decompress");
  delete require.cache[path];
  const copy = require(path) as XzDecompress;
  // a cancelled stream releases its lock twice, after which the next stream would never get it
  copy.XzReadableStream._contextMutex = NO_LOCK;
  return copy;
}

async function* unxz(source: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const library = idle.pop() ?? freshCopy();
  let ended = false;
  const noticed = (async function* (): AsyncGenerator<Uint8Array> {
    yield* source;
    ended = true;
  })();
  const reader = new library.XzReadableStream(ReadableStream.from(noticed) as ReadableStream<Uint8Array>).getReader();
  try {
    for (let starved = 0; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      // at an early end the library requests input forever; a few empty reads are input that it has read ahead
      starved = ended && value.length === 0 ? starved + 1 : 0;
      if (starved > READ_AHEAD) throw new Error("the xz stream ends early");
      if (value.length > 0) yield value;
    }
  } finally {
    // it fails if the stream is decoded but not read to its end; nothing is left to free then
    await reader.cancel().catch(() => {});
    idle.push(library);
  }
}

const NO_LOCK = Object.freeze({ acquire: async () => {}, release: () => {} });
const READ_AHEAD = 8;
