import { pipeline, Readable } from "node:stream";
// a named import of what an older Node lacks would hide the message that a newer one is needed
import zlib from "node:zlib";
import type { Bytes } from "../core/bytes.ts";
import { ByteReader } from "./byte-reader.ts";

const ZSTD = 0xfd2fb528;
/** Bytes of the checksum and size after a member (RFC 1952 2.3.1). */
const GZIP_TRAILER = 8;
const CHUNK = 1 << 16;

/** One of the archives of an initrd. */
export interface InitrdArchive extends AsyncDisposable {
  /** Its bytes, decompressed. */
  readonly cpio: ByteReader;
  /** Reads it to its end. @returns the bytes that it takes up in the initrd */
  end(): Promise<number>;
}

/**
 * Opens the archive of an initrd at an offset: plain, or in gzip or zstd, with zeroes in front of it
 * (Documentation/driver-api/early-userspace/buffer-format.rst).
 *
 * @param open returns the initrd's bytes from an offset to the end
 * @returns "end" if nothing follows, "unknown" for another compression: the kernel may still read it
 */
export async function openInitrdArchive(
  open: (offset: number) => Bytes,
  offset: number,
): Promise<{ readonly start: number; readonly archive: InitrdArchive | "end" | "unknown" }> {
  const start = offset + (await leadingZeroes(open(offset)));
  const source = new ByteReader(open(start));
  const magic = Buffer.from(await source.read(4));
  if (magic.length === 4 && magic.readUInt32LE() === ZSTD) return { start, archive: unpacked(zlib.createZstdDecompress(), source, magic) };
  if (magic.length === 4 && magic[0] === 0x1f && magic[1] === 0x8b) {
    // the header is read here: Node's gunzip would take what follows the member for another gzip member
    await skipGzipHeader(source, magic[3] as number);
    const header = source.offset;
    const member = unpacked(zlib.createInflateRaw(), source);
    return { start, archive: { ...member, end: async () => header + (await member.end()) + GZIP_TRAILER } };
  }
  await source.close();
  if (magic.length === 0) return { start, archive: "end" };
  return { start, archive: magic.toString("latin1") === "0707" ? plain(new ByteReader(open(start))) : "unknown" };
}

function plain(cpio: ByteReader): InitrdArchive {
  return { cpio, end: async () => cpio.offset, [Symbol.asyncDispose]: () => cpio.close() };
}

function unpacked(
  unpack: ReturnType<typeof zlib.createInflateRaw> | ReturnType<typeof zlib.createZstdDecompress>,
  source: ByteReader,
  first?: Buffer,
): InitrdArchive {
  async function* packed(): AsyncGenerator<Uint8Array> {
    if (first) yield first;
    for (let chunk = await source.take(CHUNK); chunk; chunk = await source.take(CHUNK)) yield chunk;
  }
  const cpio = new ByteReader(pipeline(Readable.from(packed(), { objectMode: false }), unpack, () => {}));
  return {
    cpio,
    async end() {
      // bytesWritten must count the whole member
      while (await cpio.take(CHUNK));
      return unpack.bytesWritten;
    },
    async [Symbol.asyncDispose]() {
      await cpio.close();
      await source.close();
    },
  };
}

async function leadingZeroes(source: Bytes): Promise<number> {
  let zeroes = 0;
  for await (const chunk of source) {
    const first = chunk.findIndex((byte) => byte !== 0);
    if (first >= 0) return zeroes + first;
    zeroes += chunk.length;
  }
  return zeroes;
}

/** Skips what follows the first four bytes of a gzip member's header (RFC 1952 2.3). */
async function skipGzipHeader(source: ByteReader, flags: number): Promise<void> {
  await source.skip(6);
  if (flags & 4) await source.skip((await source.read(2)).readUInt16LE());
  for (const text of [8, 16]) {
    if (flags & text) while ((await source.read(1)).readUInt8() !== 0);
  }
  if (flags & 2) await source.skip(2);
}

/** Whether an error says that an archive's compressed bytes are damaged. */
export function isDamaged(error: unknown): boolean {
  return /^(?:Z_|ZSTD_)|^ERR_OUT_OF_RANGE$|^ERR_BUFFER_OUT_OF_BOUNDS$/.test((error as { code?: string }).code ?? "");
}
