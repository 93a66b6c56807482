// a named import of what an older Node lacks would hide the message that a newer one is needed
import zlib from "node:zlib";
import { LinuxKitError } from "../core/errors.ts";
import { bytesAt, type Disk, type Extent, makeDisk, SECTOR } from "./extent.ts";
import { guidBytes, type Seed, serialFrom, uuidFrom } from "./identity.ts";
import { encodeMbr, type MbrPartition, partitionContent, wholeSectors } from "./mbr.ts";

/** Partition type GUIDs (UEFI 2.10 table 5.7; the Discoverable Partitions Specification). */
export const PARTITION_TYPE = {
  efiSystem: "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
  biosBoot: "21686148-6449-6e6f-744e-656564454649",
  linuxData: "0fc63daf-8483-4772-8e79-3d69d8477de4",
  rootAmd64: "4f68bce3-e8cd-4db1-96e7-fbcaf984b709",
  rootArm64: "b921b045-1df0-41c3-af44-4c6f280d3fae",
} as const;

/** A partition of a GUID partition table. */
export interface GptPartition {
  /** Type GUID, see {@link PARTITION_TYPE}. */
  readonly type: string;
  /** At most 36 UTF-16 units, and unique in the table, as the PARTUUID is derived from it. */
  readonly name: string;
  /** Bytes from the start of the disk, whole sectors. */
  readonly start: number;
  /** Bytes, whole sectors. */
  readonly length: number;
  /** Attribute bits 0, 1, 2 (UEFI 2.10 table 5.8) and 60 (read-only, in Linux and Windows). */
  readonly attributes?: {
    readonly required?: boolean;
    readonly noBlockIo?: boolean;
    readonly legacyBoot?: boolean;
    readonly readOnly?: boolean;
  };
  /** PARTUUID. @default derived from the seed and the name */
  readonly id?: string;
  readonly content?: Disk;
}

export interface GptLayout {
  /** Bytes, whole sectors. */
  readonly size: number;
  readonly seed: Seed;
  readonly partitions: readonly GptPartition[];
  /** Boot code of the protective master boot record for a BIOS, at most 440 bytes. */
  readonly code?: Uint8Array;
  /** Marks the protective entry active: some BIOSes do not boot a disk without an active entry. @default false */
  readonly activeProtective?: boolean;
  /** Up to 3 partitions that the master boot record lists too, for firmware without GPT support. @default none */
  readonly hybrid?: readonly MbrPartition[];
}

const ENTRIES = 128;
const ENTRY_BYTES = 128;
const ENTRY_SECTORS = (ENTRIES * ENTRY_BYTES) / SECTOR;

/** Bytes of the tables at the start of a disk: no partition may begin before. */
export const GPT_HEAD_BYTES = (2 + ENTRY_SECTORS) * SECTOR;
/** Bytes of the backup tables at the end of a disk. */
export const GPT_TAIL_BYTES = (1 + ENTRY_SECTORS) * SECTOR;

/**
 * A disk with a GUID partition table, its backup, a protective master boot record (UEFI 2.10 5.2.3, 5.3), and the content
 * of its partitions.
 *
 * @throws INVALID_DEFINITION for partitions that overlap, leave the usable sectors, or have a name that is too long or
 * not unique; TOO_LARGE for content larger than its partition
 */
export function gptDisk(layout: GptLayout): Disk {
  const sectors = wholeSectors(layout.size, "size");
  const firstUsable = GPT_HEAD_BYTES / SECTOR;
  const lastUsable = sectors - GPT_TAIL_BYTES / SECTOR - 1;
  const names = new Set<string>();
  for (const { name, start, length } of layout.partitions) {
    const end = start + length;
    if (names.has(name)) throw invalid(name, "another partition has this name");
    names.add(name);
    if (start < GPT_HEAD_BYTES || length <= 0 || end > (lastUsable + 1) * SECTOR) {
      throw invalid(name, `got ${length} bytes at ${start}, wanted a range between ${GPT_HEAD_BYTES} and ${(lastUsable + 1) * SECTOR}`);
    }
    const other = layout.partitions.find((one) => one.name !== name && one.start < end && start < one.start + one.length);
    if (other) throw invalid(name, `overlaps "${other.name}"`);
  }
  const entries = encodeEntries(layout);
  const common = { diskId: uuidFrom(layout.seed, "disk"), firstUsable, lastUsable, entriesCrc: zlib.crc32(entries) };
  const last = sectors - 1;
  const extents: Extent[] = [
    bytesAt(
      0,
      encodeMbr({
        ...(layout.code && { code: layout.code }),
        signature: serialFrom(layout.seed, "disk"),
        partitions: protective(layout, sectors),
      }),
    ),
    bytesAt(SECTOR, encodeHeader({ ...common, at: 1, other: last, entriesAt: 2 })),
    bytesAt(2 * SECTOR, entries),
    bytesAt((last - ENTRY_SECTORS) * SECTOR, entries),
    bytesAt(last * SECTOR, encodeHeader({ ...common, at: last, other: 1, entriesAt: last - ENTRY_SECTORS })),
  ];
  for (const { name, start, length, content } of layout.partitions) {
    if (content) extents.push(...partitionContent(start, length, content, `partition "${name}"`));
  }
  return makeDisk(layout.size, extents);
}

function protective(layout: GptLayout, sectors: number): MbrPartition[] {
  const hybrid = layout.hybrid ?? [];
  // a hybrid's protective entry ends before its first partition, so that entries do not overlap
  const end = Math.min(sectors * SECTOR, 0xffffffff * SECTOR + SECTOR, ...hybrid.map((partition) => partition.start));
  return [{ type: 0xee, start: SECTOR, length: end - SECTOR, active: layout.activeProtective ?? false }, ...hybrid];
}

function encodeEntries(layout: GptLayout): Buffer {
  const entries = Buffer.alloc(ENTRIES * ENTRY_BYTES);
  if (layout.partitions.length > ENTRIES) throw invalid(`${layout.partitions.length} partitions`, `at most ${ENTRIES} fit the table`);
  layout.partitions.forEach(({ type, name, start, length, attributes, id }, index) => {
    if (name.length > 36) throw invalid(name, `a name of ${name.length} characters, at most 36 fit`);
    const entry = entries.subarray(index * ENTRY_BYTES, (index + 1) * ENTRY_BYTES);
    const first = wholeSectors(start, `partition "${name}" start`);
    entry.set(guidBytes(type), 0);
    entry.set(guidBytes(id ?? uuidFrom(layout.seed, `partition ${name}`)), 16);
    entry.writeBigUInt64LE(BigInt(first), 32);
    entry.writeBigUInt64LE(BigInt(first + wholeSectors(length, `partition "${name}" length`) - 1), 40);
    entry.writeUInt8((attributes?.required ? 1 : 0) | (attributes?.noBlockIo ? 2 : 0) | (attributes?.legacyBoot ? 4 : 0), 48);
    entry.writeUInt8(attributes?.readOnly ? 0x10 : 0, 55);
    entry.write(name, 56, "utf16le");
  });
  return entries;
}

interface Header {
  readonly at: number;
  readonly other: number;
  readonly entriesAt: number;
  readonly diskId: string;
  readonly firstUsable: number;
  readonly lastUsable: number;
  readonly entriesCrc: number;
}

/** UEFI 2.10 table 5.5. The checksum covers 92 bytes with its own field zero. */
function encodeHeader(header: Header): Buffer {
  const sector = Buffer.alloc(SECTOR);
  sector.write("EFI PART", "latin1");
  sector.writeUInt32LE(0x00010000, 8);
  sector.writeUInt32LE(92, 12);
  for (const [index, lba] of [header.at, header.other, header.firstUsable, header.lastUsable].entries())
    sector.writeBigUInt64LE(BigInt(lba), 24 + 8 * index);
  sector.set(guidBytes(header.diskId), 56);
  sector.writeBigUInt64LE(BigInt(header.entriesAt), 72);
  sector.writeUInt32LE(ENTRIES, 80);
  sector.writeUInt32LE(ENTRY_BYTES, 84);
  sector.writeUInt32LE(header.entriesCrc, 88);
  sector.writeUInt32LE(zlib.crc32(sector.subarray(0, 92)), 16);
  return sector;
}

function invalid(name: string, why: string): LinuxKitError {
  return new LinuxKitError("INVALID_DEFINITION", `partition "${name}": ${why}`, { path: `partitions.${name}` });
}
