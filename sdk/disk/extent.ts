import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";
import { zeroes } from "../core/zero.ts";

/** Bytes per sector, in this folder everywhere except in ISO 9660. */
export const SECTOR = 512;

/**
 * A run of bytes on a disk. `source` yields exactly `length` bytes, or is `"zero"` for an explicit run of zeroes. A disk
 * that several writers read needs sources that can be iterated more than once: an array, or an object whose
 * `[Symbol.asyncIterator]` opens its file each time.
 */
export interface Extent {
  /** Bytes from the start of the disk. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  readonly source: Bytes | "zero";
}

/** A disk, a partition or a filesystem: bytes outside its extents read as zeroes. */
export interface Disk {
  /** Bytes. */
  readonly size: number;
  /** In order of offset, without overlap, inside `size`. */
  readonly extents: readonly Extent[];
}

/**
 * Makes a disk from extents in any order.
 *
 * @throws INVALID_DEFINITION when two extents overlap or one leaves the disk
 */
export function makeDisk(size: number, extents: Iterable<Extent>): Disk {
  const sorted = [...extents].filter((extent) => extent.length > 0).sort((a, b) => a.offset - b.offset);
  let end = 0;
  for (const extent of sorted) {
    if (!Number.isSafeInteger(extent.offset) || !Number.isSafeInteger(extent.length) || extent.offset < end) {
      throw new LinuxKitError(
        "INVALID_DEFINITION",
        `disk: the extent at ${extent.offset} begins before ${end}, where the one before it ends`,
        { path: "extents" },
      );
    }
    end = extent.offset + extent.length;
  }
  if (end > size)
    throw new LinuxKitError("INVALID_DEFINITION", `disk: its extents end at ${end}, beyond its ${size} bytes`, { path: "extents" });
  return Object.freeze({ size, extents: Object.freeze(sorted) });
}

/** An extent for bytes in memory. */
export function bytesAt(offset: number, bytes: Uint8Array): Extent {
  return { offset, length: bytes.length, source: [bytes] };
}

/** The extents of `disk`, moved by `offset` bytes: a partition's content on its disk. */
export function extentsAt(offset: number, disk: Disk): Extent[] {
  return disk.extents.map((extent) => ({ ...extent, offset: extent.offset + offset }));
}

/**
 * Replaces the content of some extents. Each new extent must have the offset and length of an old one.
 *
 * @throws INVALID_DEFINITION when no old extent has them
 */
export function replaceExtents(disk: Disk, extents: readonly Extent[]): Disk {
  const replaced = new Map(extents.map((extent) => [extent.offset, extent]));
  for (const { offset, length } of extents) {
    if (disk.extents.some((old) => old.offset === offset && old.length === length)) continue;
    throw new LinuxKitError("INVALID_DEFINITION", `disk: no extent of ${length} bytes at ${offset} to replace`, { path: "extents" });
  }
  return makeDisk(
    disk.size,
    disk.extents.map((extent) => replaced.get(extent.offset) ?? extent),
  );
}

/**
 * Reads the content of one extent and checks its length.
 *
 * @throws SIZE_MISMATCH when the source gives more or fewer bytes
 */
export async function* readExtent(extent: Extent): AsyncGenerator<Uint8Array> {
  if (extent.source === "zero") {
    yield* zeroes(extent.length);
    return;
  }
  let got = 0;
  for await (const chunk of extent.source) {
    got += chunk.length;
    if (got > extent.length) break;
    if (chunk.length > 0) yield chunk;
  }
  if (got !== extent.length) {
    const path = `extent at ${extent.offset}`;
    throw new LinuxKitError(
      "SIZE_MISMATCH",
      `${path}: got ${got > extent.length ? "at least " : ""}${got} bytes, wanted ${extent.length}`,
      { path, want: extent.length, got },
    );
  }
}

/** Reads the whole disk in order, zeroes included: a raw image. @throws SIZE_MISMATCH as {@link readExtent} */
export async function* readDisk(disk: Disk): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const extent of disk.extents) {
    yield* zeroes(extent.offset - at);
    yield* readExtent(extent);
    at = extent.offset + extent.length;
  }
  yield* zeroes(disk.size - at);
}
