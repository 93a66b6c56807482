import { LinuxKitError } from "../core/errors.ts";
import { occupiedBlocks, readBlocks } from "../disk/block.ts";
import { type Disk, readDisk, SECTOR } from "../disk/extent.ts";
import { type Seed, uuidBytes, uuidFrom } from "../disk/identity.ts";

const BLOCK = 2 << 20;
const NO_OFFSET = 0xffffffffffffffffn;

/**
 * A fixed VHD: the raw disk and a footer (Microsoft's Virtual Hard Disk Image Format Specification). Azure accepts only
 * fixed VHDs of whole MiB.
 *
 * @throws INVALID_DEFINITION when the disk is not whole MiB
 */
export async function* writeFixedVhd(disk: Disk, seed: Seed): AsyncGenerator<Uint8Array> {
  checkSize(disk);
  yield* readDisk(disk);
  yield encodeFooter(disk.size, "fixed", seed);
}

/**
 * A dynamic VHD: a table, and the blocks of 2 MiB that hold content. The extents tell which blocks do, so the table is
 * written before the blocks are read. One block is in memory. A chunk is valid until the next one is asked for.
 *
 * @throws INVALID_DEFINITION when the disk is not whole MiB
 */
export async function* writeDynamicVhd(disk: Disk, seed: Seed): AsyncGenerator<Uint8Array> {
  checkSize(disk);
  const footer = encodeFooter(disk.size, "dynamic", seed);
  const entries = Math.ceil(disk.size / BLOCK);
  const table = Buffer.alloc(Math.ceil((entries * 4) / SECTOR) * SECTOR, 0xff);
  const bitmap = Buffer.alloc(BLOCK / SECTOR / 8, 0xff);
  let sector = (SECTOR + 1024 + table.length) / SECTOR;
  for (const index of occupiedBlocks(disk, BLOCK)) {
    table.writeUInt32BE(sector, index * 4);
    sector += (bitmap.length + BLOCK) / SECTOR;
  }
  yield footer;
  yield encodeDynamicHeader(entries);
  yield table;
  for await (const { bytes } of readBlocks(disk, BLOCK, { zeroBlocks: "keep" })) {
    yield bitmap;
    yield bytes;
  }
  yield footer;
}

function checkSize({ size }: Disk): void {
  if (size % (1 << 20) !== 0)
    throw new LinuxKitError("INVALID_DEFINITION", `vhd: a disk of ${size} bytes, wanted whole MiB`, { path: "size" });
}

function encodeFooter(size: number, kind: "fixed" | "dynamic", seed: Seed): Buffer {
  const footer = Buffer.alloc(SECTOR);
  footer.write("conectix", "latin1");
  footer.writeUInt32BE(2, 8);
  footer.writeUInt32BE(0x00010000, 12);
  footer.writeBigUInt64BE(kind === "fixed" ? NO_OFFSET : BigInt(SECTOR), 16);
  // for unknown creators readers take the size from the geometry, which is smaller than the disk
  footer.write("win ", 28, "latin1");
  footer.writeUInt32BE(0x000a0000, 32);
  footer.write("Wi2k", 36, "latin1");
  footer.writeBigUInt64BE(BigInt(size), 40);
  footer.writeBigUInt64BE(BigInt(size), 48);
  const { cylinders, heads, sectors } = geometry(size / SECTOR);
  footer.writeUInt16BE(cylinders, 56);
  footer[58] = heads;
  footer[59] = sectors;
  footer.writeUInt32BE(kind === "fixed" ? 2 : 3, 60);
  footer.set(uuidBytes(uuidFrom(seed, "vhd")), 68);
  footer.writeUInt32BE(checksum(footer), 64);
  return footer;
}

function encodeDynamicHeader(entries: number): Buffer {
  const header = Buffer.alloc(1024);
  header.write("cxsparse", "latin1");
  header.writeBigUInt64BE(NO_OFFSET, 8);
  header.writeBigUInt64BE(BigInt(SECTOR + 1024), 16);
  header.writeUInt32BE(0x00010000, 24);
  header.writeUInt32BE(entries, 28);
  header.writeUInt32BE(BLOCK, 32);
  header.writeUInt32BE(checksum(header), 36);
  return header;
}

/** The ones' complement of the sum of all bytes, with the checksum's own bytes zero. */
function checksum(bytes: Uint8Array): number {
  return ~bytes.reduce((sum, byte) => sum + byte, 0) >>> 0;
}

/** The geometry for a number of sectors, as the specification's appendix computes it. */
function geometry(total: number): { readonly cylinders: number; readonly heads: number; readonly sectors: number } {
  const capped = Math.min(total, 65535 * 16 * 255);
  if (capped >= 65535 * 16 * 63) return { cylinders: Math.floor(capped / 255 / 16), heads: 16, sectors: 255 };
  let sectors = 17;
  let tracks = Math.floor(capped / sectors);
  let heads = Math.max(4, Math.floor((tracks + 1023) / 1024));
  if (tracks >= heads * 1024 || heads > 16) {
    sectors = 31;
    heads = 16;
    tracks = Math.floor(capped / sectors);
  }
  if (tracks >= heads * 1024) {
    sectors = 63;
    heads = 16;
    tracks = Math.floor(capped / sectors);
  }
  return { cylinders: Math.floor(tracks / heads), heads, sectors };
}
