import type { Bytes } from "../core/bytes.ts";
import { LinuxKitError } from "../core/errors.ts";
import { zeroes } from "../core/zero.ts";

/** Bytes per sector, everywhere in this folder but in ISO 9660. */
export const SECTOR = 512;

/**
 * A run of a disk. `source` gives exactly `length` bytes, or is `"zero"` for a run of zeroes that is worth naming.
 * A disk that several writers read needs sources that can be iterated more than once: an array, or an object whose
 * `[Symbol.asyncIterator]` opens its file anew.
 */
export interface Extent {
  /** Bytes from the start of the disk. */
  readonly offset: number;
  /** Bytes. */
  readonly length: number;
  readonly source: Bytes | "zero";
}

/** A disk, a partition or a filesystem: what no extent covers reads as zeroes. */
export interface Disk {
  /** Bytes. */
  readonly size: number;
  /** In order of offset, without overlap, inside `size`. */
  readonly extents: readonly Extent[];
}

/**
 * A disk from extents in any order.
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

/** An extent for bytes at hand. */
export function bytesAt(offset: number, bytes: Uint8Array): Extent {
  return { offset, length: bytes.length, source: [bytes] };
}

/** The extents of `disk` moved by `offset`: how a partition enters a disk. */
export function extentsAt(offset: number, disk: Disk): Extent[] {
  return disk.extents.map((extent) => ({ ...extent, offset: extent.offset + offset }));
}

/**
 * The disk with some of its extents' content replaced; each new extent stands exactly where an old one stood.
 *
 * @throws INVALID_DEFINITION when no extent has that place
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
 * The content of one extent, checked against its length.
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

/** The whole disk in order, zeroes included: a raw image. */
export async function* readDisk(disk: Disk): AsyncGenerator<Uint8Array> {
  let at = 0;
  for (const extent of disk.extents) {
    yield* zeroes(extent.offset - at);
    yield* readExtent(extent);
    at = extent.offset + extent.length;
  }
  yield* zeroes(disk.size - at);
}
