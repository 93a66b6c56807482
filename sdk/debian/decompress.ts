import { createRequire } from "node:module";
import { decompressAs } from "../archive/decompress.ts";
import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";

/** The compressions that Debian's indexes and packages use, by the ending of their names. */
export type DebCompression = "" | "xz" | "gz" | "zst";

/**
 * Decompresses a stream chunk by chunk. Any number of streams may be under way at a time, each at its own pace.
 *
 * @param path what to call the stream in errors
 * @throws CORRUPT when the stream breaks its format or ends early
 */
export async function* decompress(source: Bytes, compression: DebCompression, path: string): AsyncGenerator<Uint8Array> {
  if (compression === "") yield* source;
  else if (compression === "xz") yield* checkedXz(source, path);
  else yield* decompressAs(compression === "gz" ? "gzip" : "zstd", source, path);
}

async function* checkedXz(source: Bytes, path: string): AsyncGenerator<Uint8Array> {
  // an error of the source itself (a wrong digest, a lost connection) must come out as it is
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

/** What of xz-decompress is used, and the one thing of it that is private. */
interface XzDecompress {
  readonly XzReadableStream: typeof import("xz-decompress").XzReadableStream & {
    _contextMutex: { acquire(): Promise<void>; release(): void };
  };
}

/**
 * Copies of the library that no stream is using. All streams of one copy share a memory, and when one of them makes it
 * grow, the others go on with views of the memory that was, and take their input twice. So each stream has a copy for
 * its time.
 */
const idle: XzDecompress[] = [];

const require = createRequire(import.meta.url);

function freshCopy(): XzDecompress {
  const path = require.resolve("xz-decompress");
  delete require.cache[path];
  const copy = require(path) as XzDecompress;
  // a cancelled stream releases its lock twice, and the next one would then not get it
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
      // it would ask for more input without end; once is what was read ahead
      starved = ended && value.length === 0 ? starved + 1 : 0;
      if (starved > READ_AHEAD) throw new Error("the xz stream ends early");
      if (value.length > 0) yield value;
    }
  } finally {
    // it fails where the stream is decoded to its end but not read to it, and there is nothing left to free then
    await reader.cancel().catch(() => {});
    idle.push(library);
  }
}

const NO_LOCK = Object.freeze({ acquire: async () => {}, release: () => {} });
const READ_AHEAD = 8;
