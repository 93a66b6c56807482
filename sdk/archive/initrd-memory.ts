import { Readable, pipeline } from "node:stream";
// a named import of what an older Node lacks would hide the message that a newer one is needed
import zlib from "node:zlib";
import type { Bytes } from "../core/bytes.ts";
import { ByteReader } from "./byte-reader.ts";
import { TRAILER } from "./cpio-header.ts";

/** Bytes of memory that an initrd takes: packed, and as the tree that the kernel unpacks. */
export interface InitrdMemory {
  readonly packed: number;
  /** Whole pages of each file, and what the kernel keeps for each path. */
  readonly unpacked: number;
}

const PAGE = 4096;
/** An inode and a name in the kernel's caches. */
const PATH_BYTES = 1024;
const HEADER_BYTES = 110;
const ZSTD = 0xfd2fb528;
/** Bytes of the checksum and size after a member (RFC 1952 2.3.1). */
const GZIP_TRAILER = 8;
const CHUNK = 1 << 16;

/** What Debian's kernel for amd64 needed besides the image to reach the first service. */
const KERNEL_MIB = 74;
/** What any kernel needs at least: measured 33 to 36 MiB on every architecture. */
const ANY_KERNEL_MIB = 34;
/** Each page costs bookkeeping, and the kernel keeps a part of all memory free. */
const SHARE = 1.045;

/** Bytes of memory that a path takes once it is unpacked; `size` is its content in bytes. */
export function unpackedBytes(size: number): number {
  return Math.ceil(size / PAGE) * PAGE + PATH_BYTES;
}

/**
 * The memory that booting takes, in MiB, modelled on measurements (docs/formats.md, Memory): the kernel, the packed
 * image, and the tree, which exists before the packed image is freed. `enough` boots Debian's kernel and small
 * services; with less than `least` no kernel can unpack the image.
 */
export function bootMemoryMiB({ packed, unpacked }: InitrdMemory): { readonly least: number; readonly enough: number } {
  const image = (packed + unpacked) / (1 << 20);
  return { least: Math.ceil(ANY_KERNEL_MIB + image), enough: Math.ceil(KERNEL_MIB + SHARE * image) };
}

/**
 * Counts what an initrd unpacks to: archives one after another, each plain or in gzip or zstd, with zeroes between them
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Undefined for one that is packed otherwise or damaged:
 * the kernel may still read it.
 *
 * @param open returns its bytes from an offset to the end
 */
export async function initrdMemory(open: (offset: number) => Bytes): Promise<InitrdMemory | undefined> {
  let unpacked = 0;
  for (let at = 0; ; ) {
    at += await leadingZeroes(open(at));
    const archive = await readArchive(() => open(at));
    if (archive === "end") return { packed: at, unpacked };
    if (archive === "unknown") return undefined;
    unpacked += archive.unpacked;
    at += archive.length;
  }
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

type Archive = { readonly unpacked: number; readonly length: number } | "end" | "unknown";

async function readArchive(open: () => Bytes): Promise<Archive> {
  const source = new ByteReader(open());
  try {
    const magic = await source.read(4);
    if (magic.length === 0) return "end";
    if (magic.toString("latin1") === "0707") {
      const unpacked = await countArchive(source, magic);
      return unpacked === undefined ? "unknown" : { unpacked, length: source.offset };
    }
    if (magic.readUInt32LE() === ZSTD) return await unpackArchive(zlib.createZstdDecompress(), source, magic);
    if (magic[0] !== 0x1f || magic[1] !== 0x8b) return "unknown";
    // the header is read here: Node's gunzip would take what follows the member for another gzip member
    await skipGzipHeader(source, magic[3] as number);
    const header = source.offset;
    const member = await unpackArchive(zlib.createInflateRaw(), source);
    return typeof member === "string" ? member : { ...member, length: header + member.length + GZIP_TRAILER };
  } catch (error) {
    if (/^(?:Z_|ZSTD_)|^ERR_OUT_OF_RANGE$|^ERR_BUFFER_OUT_OF_BOUNDS$/.test((error as { code?: string }).code ?? "")) return "unknown";
    throw error;
  } finally {
    await source.close();
  }
}

/** Counts one compressed archive; `length` is the bytes that the decompressor took. */
async function unpackArchive(
  unpack: ReturnType<typeof zlib.createInflateRaw> | ReturnType<typeof zlib.createZstdDecompress>,
  source: ByteReader,
  first?: Buffer,
): Promise<Archive> {
  async function* packed(): AsyncGenerator<Uint8Array> {
    if (first) yield first;
    for (let chunk = await source.take(CHUNK); chunk; chunk = await source.take(CHUNK)) yield chunk;
  }
  const reader = new ByteReader(pipeline(Readable.from(packed(), { objectMode: false }), unpack, () => {}));
  const unpacked = await countArchive(reader);
  // drains the rest: bytesWritten must count the whole member
  while (await reader.take(CHUNK));
  return unpacked === undefined ? "unknown" : { unpacked, length: unpack.bytesWritten };
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

/** Counts one newc archive, trailer included; undefined where it is not one. `first` holds the bytes already read. */
async function countArchive(reader: ByteReader, first: Buffer = Buffer.alloc(0)): Promise<number | undefined> {
  let unpacked = 0;
  for (let start = first; ; start = Buffer.alloc(0)) {
    const header = Buffer.concat([start, await reader.read(HEADER_BYTES - start.length)]).toString("latin1");
    if (header.length < HEADER_BYTES || !/^07070[12][0-9a-f]+$/i.test(header)) return undefined;
    const [size, nameSize] = [field(header, 6), field(header, 11)];
    const name = await reader.read(nameSize);
    await reader.skip(padded(HEADER_BYTES + nameSize) - HEADER_BYTES - nameSize + padded(size));
    if (name.toString("latin1", 0, nameSize - 1) === TRAILER) return unpacked;
    unpacked += unpackedBytes(size);
  }
}

function field(header: string, index: number): number {
  return Number.parseInt(header.slice(6 + 8 * index, 14 + 8 * index), 16);
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
