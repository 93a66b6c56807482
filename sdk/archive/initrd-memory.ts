import type { Bytes } from "../core/bytes.ts";
import type { ByteReader } from "./byte-reader.ts";
import { TRAILER } from "./cpio-header.ts";
import { isDamaged, openInitrdArchive } from "./initrd-archive.ts";

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
 * @param onPath called with each path in it
 */
export async function initrdMemory(
  open: (offset: number) => Bytes,
  onPath: (path: string) => void = () => {},
): Promise<InitrdMemory | undefined> {
  let unpacked = 0;
  try {
    for (let at = 0; ; ) {
      const { start, archive } = await openInitrdArchive(open, at);
      if (archive === "end") return { packed: start, unpacked };
      if (archive === "unknown") return undefined;
      await using opened = archive;
      const counted = await countArchive(opened.cpio, onPath);
      if (counted === undefined) return undefined;
      unpacked += counted;
      at = start + (await opened.end());
    }
  } catch (error) {
    if (isDamaged(error)) return undefined;
    throw error;
  }
}

/** Counts one newc archive, trailer included; undefined where it is not one. */
async function countArchive(reader: ByteReader, onPath: (path: string) => void): Promise<number | undefined> {
  let unpacked = 0;
  for (;;) {
    const header = (await reader.read(HEADER_BYTES)).toString("latin1");
    if (header.length < HEADER_BYTES || !/^07070[12][0-9a-f]+$/i.test(header)) return undefined;
    const [size, nameSize] = [field(header, 6), field(header, 11)];
    const name = (await reader.read(nameSize)).toString("latin1", 0, nameSize - 1);
    await reader.skip(padded(HEADER_BYTES + nameSize) - HEADER_BYTES - nameSize + padded(size));
    if (name === TRAILER) return unpacked;
    onPath(name);
    unpacked += unpackedBytes(size);
  }
}

function field(header: string, index: number): number {
  return Number.parseInt(header.slice(6 + 8 * index, 14 + 8 * index), 16);
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
