import { LinuxKitError } from "../core/errors.ts";
import { mapOrdered } from "../core/ordered.ts";
import { zeroes } from "../core/zero.ts";
import { type Block, readBlocks } from "../disk/block.ts";
import { type Disk, SECTOR } from "../disk/extent.ts";
import { type Seed, serialFrom } from "../disk/identity.ts";
import { Deflater } from "./deflater.ts";

export interface VmdkOptions {
  readonly seed: Seed;
  /** File name that the descriptor gives the extent. @default "disk.vmdk" */
  readonly name?: string;
  /** Level of zlib, 1 to 9; incompressible grains are stored faster. @default 6 */
  readonly level?: number;
}

const GRAIN = 65536;
const TABLE_ENTRIES = 512;
/** Sectors before the first grain: one of header, 20 of descriptor, the rest to spare. */
const OVERHEAD = 128;
const DESCRIPTOR_SECTORS = 20;
const AT_END = 0xffffffffffffffffn;
/** Grains that are compressed at once. */
const AT_ONCE = 8;
const MARKER = { endOfStream: 0, grainTable: 1, grainDirectory: 2, footer: 3 } as const;

/**
 * A stream-optimised VMDK (VMware Virtual Disk Format 5.0): compressed grains of 64 KiB, each table after its grains, the
 * directory and a second header at the end, written in one pass. Grains of zeroes are left out. A chunk is valid until
 * the next one is asked for.
 *
 * @throws INVALID_DEFINITION when the disk is not a multiple of 64 KiB, or the name is too long or has a quote or newline
 */
export async function* writeVmdk(disk: Disk, options: VmdkOptions): AsyncGenerator<Uint8Array> {
  if (disk.size % GRAIN !== 0)
    throw new LinuxKitError("INVALID_DEFINITION", `vmdk: a disk of ${disk.size} bytes, wanted a multiple of ${GRAIN}`, { path: "size" });
  const tables = Math.ceil(disk.size / (GRAIN * TABLE_ENTRIES));
  const directory = Buffer.alloc(Math.ceil((tables * 4) / SECTOR) * SECTOR);
  let table: { readonly index: number; readonly entries: Buffer } | undefined;
  let sector = OVERHEAD;

  function* endTable(): Generator<Uint8Array> {
    if (!table) return;
    yield encodeMarker(MARKER.grainTable, table.entries.length / SECTOR);
    yield table.entries;
    directory.writeUInt32LE(sector + 1, table.index * 4);
    sector += 1 + table.entries.length / SECTOR;
  }

  using deflater = new Deflater({ wrap: "zlib", blockSize: GRAIN, atOnce: AT_ONCE, level: options.level ?? 6 });
  yield encodeHeader(disk.size, AT_END);
  yield encodeDescriptor(disk.size, options);
  yield* zeroes((OVERHEAD - 1 - DESCRIPTOR_SECTORS) * SECTOR);
  const pack = async ({ index, bytes }: Block) => ({ index, packed: await deflater.deflate(bytes) });
  for await (const { index, packed } of mapOrdered(readBlocks(disk, GRAIN, { held: AT_ONCE }), AT_ONCE, pack)) {
    const of = Math.floor(index / TABLE_ENTRIES);
    if (table?.index !== of) {
      yield* endTable();
      table = { index: of, entries: Buffer.alloc(TABLE_ENTRIES * 4) };
    }
    table.entries.writeUInt32LE(sector, (index % TABLE_ENTRIES) * 4);
    const marker = Buffer.alloc(12);
    marker.writeBigUInt64LE(BigInt(index * (GRAIN / SECTOR)));
    marker.writeUInt32LE(packed.length, 8);
    const length = Math.ceil((marker.length + packed.length) / SECTOR) * SECTOR;
    yield marker;
    yield packed;
    yield* zeroes(length - marker.length - packed.length);
    sector += length / SECTOR;
  }
  yield* endTable();
  yield encodeMarker(MARKER.grainDirectory, directory.length / SECTOR);
  yield directory;
  yield encodeMarker(MARKER.footer, 1);
  yield encodeHeader(disk.size, BigInt(sector + 1));
  yield encodeMarker(MARKER.endOfStream, 0);
}

/** A sector that gives type and number of the sectors after it. */
function encodeMarker(type: number, sectors: number): Buffer {
  const marker = Buffer.alloc(SECTOR);
  marker.writeBigUInt64LE(BigInt(sectors));
  marker.writeUInt32LE(type, 12);
  return marker;
}

function encodeHeader(size: number, directoryAt: bigint): Buffer {
  const header = Buffer.alloc(SECTOR);
  header.write("KDMV", "latin1");
  header.writeUInt32LE(3, 4);
  // flags: the newline test is valid, grains are compressed, there are markers
  header.writeUInt32LE(0x00030001, 8);
  header.writeBigUInt64LE(BigInt(size / SECTOR), 12);
  header.writeBigUInt64LE(BigInt(GRAIN / SECTOR), 20);
  header.writeBigUInt64LE(1n, 28);
  header.writeBigUInt64LE(BigInt(DESCRIPTOR_SECTORS), 36);
  header.writeUInt32LE(TABLE_ENTRIES, 44);
  header.writeBigUInt64LE(directoryAt, 56);
  header.writeBigUInt64LE(BigInt(OVERHEAD), 64);
  header.write("\n \r\n", 73, "latin1");
  header.writeUInt16LE(1, 77);
  return header;
}

function encodeDescriptor(size: number, { seed, name = "disk.vmdk" }: VmdkOptions): Buffer {
  const cylinders = Math.min(Math.floor(size / SECTOR / (255 * 63)), 65535);
  const text = `# Disk DescriptorFile
version=1
CID=${serialFrom(seed, "vmdk").toString(16).padStart(8, "0")}
parentCID=ffffffff
createType="streamOptimized"

# Extent description
RDONLY ${size / SECTOR} SPARSE "${name}"

# The Disk Data Base
#DDB

ddb.adapterType = "lsilogic"
ddb.geometry.cylinders = "${cylinders}"
ddb.geometry.heads = "255"
ddb.geometry.sectors = "63"
ddb.virtualHWVersion = "6"
`;
  const bytes = Buffer.alloc(DESCRIPTOR_SECTORS * SECTOR);
  if (Buffer.byteLength(text) > bytes.length || /["\n\r]/.test(name))
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `vmdk: name: got ${JSON.stringify(name)}, wanted a file name without quotes and newlines`,
      { path: "name" },
    );
  bytes.write(text);
  return bytes;
}
