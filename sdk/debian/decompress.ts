import { decompressAs } from "../archive/decompress.ts";
import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";

/** The compressions that Debian's indexes and packages use, by the ending of their names. */
export type Compression = "" | "xz" | "gz" | "zst";

/**
 * Decompresses a stream chunk by chunk. Any number of streams may be under way at a time, each at its own pace.
 *
 * @param path what to call the stream in errors
 * @throws CORRUPT when the stream breaks its format or ends early
 */
export async function* decompress(source: Bytes, compression: Compression, path: string): AsyncGenerator<Uint8Array> {
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
  readonly XzReadableStream: typeof import("xz-decompress").XzReadableStream & { _contextMutex: { acquire(): Promise<void>; release(): void } };
}

async function* unxz(source: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  // a CommonJS bundle whose exports Node cannot name: what it exports is the default
  const { XzReadableStream } = ((await import("xz-decompress")) as unknown as { default: XzDecompress }).default;
  // Its lock lets one stream at a time decode, and a cancelled stream releases what another holds: who reads two streams
  // by turns would wait for ever. The streams share nothing that needs it.
  XzReadableStream._contextMutex = NO_LOCK;

  let ended = false;
  const noticed = (async function* (): AsyncGenerator<Uint8Array> {
    yield* source;
    ended = true;
  })();
  const reader = new XzReadableStream(ReadableStream.from(noticed) as ReadableStream<Uint8Array>).getReader();
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
  }
}

const NO_LOCK = Object.freeze({ acquire: async () => {}, release: () => {} });
const READ_AHEAD = 8;
