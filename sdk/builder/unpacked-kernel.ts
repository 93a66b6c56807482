import { ByteReader } from "../archive/byte-reader.ts";
import { decompressAs } from "../archive/decompress.ts";
import { LZ4_LEGACY, lz4Legacy } from "../archive/lz4.ts";
import type { Bytes } from "../core/bytes.ts";
import { isLinuxKitError } from "../core/errors.ts";
import { decompress as decompressDebian } from "../debian/decompress.ts";

/** Bytes at the beginning of a kernel's file that tell its kind. */
const HEAD = 1024;

/** x86: Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header". Sectors of set-up code precede the payload. */
const BZIMAGE = {
  setupSectors: 0x1f1,
  magic: 0x202,
  name: "HdrS",
  version: 0x206,
  least: 0x208,
  offset: 0x248,
  length: 0x24c,
  sector: 512,
} as const;
/** drivers/firmware/efi/libstub/zboot-header.S: an EFI program that unpacks a kernel. */
const ZBOOT = { magic: 4, name: "zimg", offset: 8, length: 12 } as const;
/** Documentation/arch/arm64/booting.rst and arch/riscv/boot-image-header.rst: the kernel itself, as it runs. */
const PLAIN_IMAGES = ["ARM\x64", "RSC\x05"];
const PLAIN_MAGIC = 0x38;
const ELF = 0x464c457f;
const CHUNK = 1 << 20;

/**
 * The kernel proper, as it is in memory, from a kernel's file: a bzImage (x86), an EFI zboot image, an Image (arm64,
 * RISC-V), any of them in gzip, or an ELF file. Undefined for other files, and for payloads in bzip2, lzma and lzo.
 * It ends early where the payload is broken. A chunk is valid until the next one is asked for.
 */
export async function unpackedKernel(file: Bytes): Promise<AsyncIterable<Uint8Array> | undefined> {
  const reader = new ByteReader(file);
  const head = await reader.read(HEAD);
  const payload = payloadOf(head);
  if (!payload && isPlain(head)) return untilClosed(reader, rest(reader, head, Number.POSITIVE_INFINITY));
  const { offset, length } = payload ?? { offset: 0, length: Number.POSITIVE_INFINITY };
  await reader.skip(Math.max(0, offset - head.length));
  const first = offset < head.length ? head.subarray(offset) : Buffer.from(await reader.read(8));
  const unpacked = unpack(first, rest(reader, first, length));
  if (!unpacked) await reader.close();
  return unpacked && untilClosed(reader, unpacked);
}

/** Where a kernel's file holds the packed kernel, in bytes; undefined if it does not. */
function payloadOf(head: Buffer): { readonly offset: number; readonly length: number } | undefined {
  if (head.length < HEAD) return undefined;
  if (textAt(head, BZIMAGE.magic) === BZIMAGE.name && head.readUInt16LE(BZIMAGE.version) >= BZIMAGE.least) {
    // 0 means 4, for old boot loaders
    const sectors = (head[BZIMAGE.setupSectors] || 4) + 1;
    return { offset: sectors * BZIMAGE.sector + head.readUInt32LE(BZIMAGE.offset), length: head.readUInt32LE(BZIMAGE.length) };
  }
  if (textAt(head, ZBOOT.magic) !== ZBOOT.name) return undefined;
  return { offset: head.readUInt32LE(ZBOOT.offset), length: head.readUInt32LE(ZBOOT.length) };
}

function isPlain(head: Buffer): boolean {
  return head.length === HEAD && (head.readUInt32LE() === ELF || PLAIN_IMAGES.includes(textAt(head, PLAIN_MAGIC)));
}

function textAt(head: Buffer, at: number): string {
  return head.toString("latin1", at, at + 4);
}

function unpack(first: Buffer, payload: Bytes): AsyncIterable<Uint8Array> | undefined {
  if (first.length < 6) return undefined;
  const what = "the kernel's payload";
  if (first[0] === 0x1f && first[1] === 0x8b) return decompressAs("gzip", payload, what, "reused");
  if (first.readUInt32LE() === 0xfd2fb528) return decompressAs("zstd", payload, what, "reused");
  if (first.toString("latin1", 0, 6) === "\xfd7zXZ\0") return decompressDebian(payload, "xz", what);
  return first.readUInt32LE() === LZ4_LEGACY ? lz4Legacy(payload, what) : undefined;
}

async function* rest(reader: ByteReader, first: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  yield first.subarray(0, length);
  for (let left = length - first.length; left > 0; ) {
    const chunk = await reader.take(Math.min(left, CHUNK));
    if (!chunk) return;
    left -= chunk.length;
    yield chunk;
  }
}

// the payload ends with its size, which the kernel's build appends and which is no part of its compression
async function* untilClosed(reader: ByteReader, unpacked: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* unpacked;
  } catch (error) {
    if (!isLinuxKitError(error, "CORRUPT")) throw error;
  } finally {
    await reader.close();
  }
}
