import { LinuxKitError } from "../core/errors.ts";
import { bytesAt, type Disk, type Extent, extentsAt, makeDisk, SECTOR } from "./extent.ts";

/** A partition of a master boot record. */
export interface MbrPartition {
  /** Type byte: 0x0c FAT32 by LBA, 0x0e FAT16 by LBA, 0x83 Linux, 0xef EFI system partition, 0xee protective. */
  readonly type: number;
  /** Bytes from the start of the disk, whole sectors. */
  readonly start: number;
  /** Bytes, whole sectors. */
  readonly length: number;
  /** Whether BIOS boot code starts this partition. @default false */
  readonly active?: boolean;
}

/** Most bytes of boot code: the disk signature follows at 440, the table at 446. */
export const BOOT_CODE_LIMIT = 440;

// the field has 10 bits for the cylinder; a higher one is written as the highest address
function chs(lba: number): readonly [number, number, number] {
  const cylinder = Math.floor(lba / (255 * 63));
  if (cylinder > 1023) return [0xfe, 0xff, 0xff];
  return [Math.floor(lba / 63) % 255, ((lba % 63) + 1) | ((cylinder >> 2) & 0xc0), cylinder & 0xff];
}

/**
 * A master boot record: boot code, disk signature and up to four partitions (UEFI 2.10 5.2.1).
 *
 * @throws TOO_LARGE when the code exceeds 440 bytes, INVALID_DEFINITION when a partition does not fit the table
 */
export function encodeMbr(record: {
  readonly code?: Uint8Array;
  readonly signature: number;
  readonly partitions: readonly MbrPartition[];
}): Buffer {
  const sector = Buffer.alloc(SECTOR);
  if (record.code) {
    // the code may come as a whole sector, of which only the code is used
    const code = record.code.length === SECTOR ? record.code.subarray(0, BOOT_CODE_LIMIT) : record.code;
    if (code.length > BOOT_CODE_LIMIT) {
      throw new LinuxKitError("TOO_LARGE", `boot code: ${code.length} bytes, at most ${BOOT_CODE_LIMIT} fit`, {
        what: "boot code",
        limit: BOOT_CODE_LIMIT,
        got: code.length,
      });
    }
    sector.set(code);
  }
  sector.writeUInt32LE(record.signature, 440);
  if (record.partitions.length > 4) throw invalid(`${record.partitions.length} partitions, at most 4 fit a master boot record`);
  record.partitions.forEach((partition, index) => {
    const first = wholeSectors(partition.start, `partition ${index + 1} start`);
    const count = wholeSectors(partition.length, `partition ${index + 1} length`);
    if (first < 1 || count < 1 || first > 0xffffffff || count > 0xffffffff) {
      throw invalid(`partition ${index + 1}: ${partition.length} bytes at ${partition.start}, but a master boot record reaches only 2 TiB`);
    }
    const at = 446 + 16 * index;
    sector[at] = partition.active ? 0x80 : 0;
    sector.set(chs(first), at + 1);
    sector[at + 4] = partition.type;
    sector.set(chs(first + count - 1), at + 5);
    sector.writeUInt32LE(first, at + 8);
    sector.writeUInt32LE(count, at + 12);
  });
  sector.writeUInt16LE(0xaa55, 510);
  return sector;
}

/** A disk with a master boot record and the content of its partitions. */
export function mbrDisk(layout: {
  /** Bytes. */
  readonly size: number;
  /** Disk signature: `PARTUUID` of partition 1 is these 8 hexadecimal digits and `-01`. */
  readonly signature: number;
  readonly code?: Uint8Array;
  readonly partitions: readonly (MbrPartition & { readonly content?: Disk })[];
}): Disk {
  const extents: Extent[] = [bytesAt(0, encodeMbr(layout))];
  for (const [index, { start, length, content }] of layout.partitions.entries()) {
    if (start + length > layout.size)
      throw invalid(`partition ${index + 1} ends at ${start + length}, but the disk ends at ${layout.size}`);
    if (content) extents.push(...partitionContent(start, length, content, `partition ${index + 1}`));
  }
  return makeDisk(layout.size, extents);
}

/** @internal The extents of a partition's content. @throws TOO_LARGE when it does not fit */
export function partitionContent(start: number, length: number, content: Disk, what: string): Extent[] {
  if (content.size > length)
    throw new LinuxKitError("TOO_LARGE", `${what}: its content has ${content.size} bytes, but the partition has ${length}`, {
      what,
      limit: length,
      got: content.size,
    });
  return extentsAt(start, content);
}

/** @internal Converts bytes to sectors. @throws INVALID_DEFINITION unless they are whole sectors */
export function wholeSectors(bytes: number, what: string): number {
  if (!Number.isSafeInteger(bytes) || bytes < 0 || bytes % SECTOR !== 0)
    throw invalid(`${what}: ${bytes} bytes, wanted a multiple of ${SECTOR}`);
  return bytes / SECTOR;
}

function invalid(message: string): LinuxKitError {
  return new LinuxKitError("INVALID_DEFINITION", `disk: ${message}`, { path: "partitions" });
}
