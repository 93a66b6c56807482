import type { Bytes } from "../core/bytes.ts";
import { collect } from "../core/bytes.ts";
import { ISO_BLOCK } from "./iso-record.ts";

/** A boot image of a CD. */
export interface BootImage {
  readonly platform: "bios" | "efi";
  readonly block: number;
  /** Sectors of 512 bytes to load. */
  readonly sectors: number;
}

const PLATFORM = { bios: 0, efi: 0xef } as const;

/** The volume descriptor that points to the boot catalogue (El Torito 1.0, figure 7). */
export function encodeBootRecord(catalogueBlock: number): Buffer {
  const block = Buffer.alloc(ISO_BLOCK);
  block.write("\0CD001\x01EL TORITO SPECIFICATION", "latin1");
  block.writeUInt32LE(catalogueBlock, 0x47);
  return block;
}

/** The boot catalogue (2.0): the first image is the default, each other one has its own section. */
export function encodeCatalogue(images: readonly BootImage[]): Buffer {
  const block = Buffer.alloc(ISO_BLOCK);
  const [first, ...others] = images;
  if (!first) return block;
  block[0] = 1;
  block[1] = PLATFORM[first.platform];
  block.writeUInt16LE(0xaa55, 30);
  let sum = 0;
  for (let at = 0; at < 32; at += 2) sum += block.readUInt16LE(at);
  block.writeUInt16LE(-sum & 0xffff, 28);
  block.set(encodeImage(first), 32);
  others.forEach((image, index) => {
    const at = 64 + 64 * index;
    block[at] = index === others.length - 1 ? 0x91 : 0x90;
    block[at + 1] = PLATFORM[image.platform];
    block.writeUInt16LE(1, at + 2);
    block.set(encodeImage(image), at + 32);
  });
  return block;
}

function encodeImage({ block, sectors }: BootImage): Buffer {
  const entry = Buffer.alloc(32);
  entry[0] = 0x88;
  // above 65535 sectors firmware takes the size from the filesystem in the image
  entry.writeUInt16LE(Math.min(sectors, 0xffff), 6);
  entry.writeUInt32LE(block, 8);
  return entry;
}

/** The largest BIOS loader that is patched in memory. */
const LOADER_LIMIT = 4 << 20;

/** A BIOS loader with its boot information table filled in: its block and size, and a checksum of its bytes after the table. */
export function withInfoTable(body: Bytes, size: number, block: number): Bytes {
  return {
    async *[Symbol.asyncIterator]() {
      const bytes = await collect(body, LOADER_LIMIT, "BIOS boot image");
      const padded = Buffer.concat([bytes], Math.ceil(bytes.length / 4) * 4);
      let sum = 0;
      for (let at = 64; at < padded.length; at += 4) sum = (sum + padded.readUInt32LE(at)) >>> 0;
      const table = Buffer.alloc(56);
      for (const [index, value] of [16, block, size, sum].entries()) table.writeUInt32LE(value, 4 * index);
      bytes.set(table, 8);
      yield bytes;
    },
  };
}
