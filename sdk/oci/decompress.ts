import { LinuxKitError } from "../core/errors.ts";
import { type Compression, decompressAs } from "../archive/decompress.ts";
import type { Bytes, Memory } from "../core/bytes.ts";

/** How a layer is compressed. */
export type LayerCompression = "none" | Compression;

/** Compressions that are recognised to be refused by name (The .xz File Format 2.1.1.1; bzip2's header and first block). */
const REFUSED: readonly (readonly [string, RegExp])[] = [
  ["xz", /^\xfd7zXZ\0/],
  ["bzip2", /^BZh[1-9]1AY&SY/],
];

/** Recognises a stream's compression by its first four bytes; media types are often wrong about it. */
export function compressionOf(start: Uint8Array): LayerCompression {
  if (start[0] === 0x1f && start[1] === 0x8b) return "gzip";
  if (start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd && start[0] === 0x28) return "zstd";
  // a zstd stream may begin with a skippable frame (RFC 8878 3.1.2)
  if (start[1] === 0x2a && start[2] === 0x4d && start[3] === 0x18 && ((start[0] as number) & 0xf0) === 0x50) return "zstd";
  return "none";
}

/**
 * Decompresses a stream of one or several gzip or zstd members; any other stream passes unchanged.
 *
 * @param what names the stream in messages
 * @param memory of the decompressed chunks @default "own"
 * @throws CORRUPT where the compressed data is malformed or cut short; UNSUPPORTED for xz and bzip2, which image-spec does
 * not have
 */
export async function* decompress(source: Bytes, what: string, memory: Memory = "own"): AsyncGenerator<Uint8Array> {
  const { start, all } = await peek(source, 10);
  for (const [name, magic] of REFUSED) {
    if (!magic.test(Buffer.from(start.subarray(0, 10)).toString("latin1"))) continue;
    await all.return(undefined);
    throw new LinuxKitError("UNSUPPORTED", `${what}: got data in ${name}, wanted gzip, zstd or no compression: compress it again`, {
      what: name,
    });
  }
  const compression = compressionOf(start);
  yield* compression === "none" ? all : decompressAs(compression, all, what, memory);
}

// reads the first bytes of a stream; `all` is the whole stream, those bytes included
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
