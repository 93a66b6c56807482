import { mapOrdered } from "../core/ordered.ts";
import type { Overwrite } from "../core/file-output.ts";
import { zeroes } from "../core/zero.ts";
import { type Block, readBlocks } from "../disk/block.ts";
import type { Disk } from "../disk/extent.ts";
import { isCompressible } from "./compressible.ts";
import { Deflater } from "./deflater.ts";

export interface Qcow2Options {
  /** Compresses each cluster that is likely to shrink; the others are stored. @default true */
  readonly compress?: boolean;
  /** Level of zlib, 1 to 9. @default 6 */
  readonly level?: number;
}

const CLUSTER = 65536;
const L2_ENTRIES = CLUSTER / 8;
const REFCOUNTS_PER_BLOCK = CLUSTER / 2;
const COPIED = 1n << 63n;
const COMPRESSED = 1n << 62n;
/** Where the count of sectors begins in a compressed cluster's entry: 62 - (cluster bits - 8). */
const SECTORS_SHIFT = 54n;

/** Clusters that are compressed at once. */
const AT_ONCE = 8;

/**
 * A qcow2 image of version 3 with clusters of 64 KiB (docs/interop/qcow2.txt of QEMU). Clusters of zeroes are left out.
 * The tables follow the data, whose size is not known before, so the last chunk overwrites the header with their
 * positions. Memory holds one level-2 table, the level-1 table, two bytes for each 64 KiB of the file, and the clusters
 * being compressed. A chunk is valid until the next one is asked for.
 */
export async function* writeQcow2(disk: Disk, { compress = true, level = 6 }: Qcow2Options = {}): AsyncGenerator<Uint8Array | Overwrite> {
  const l1 = new Array<bigint>(Math.ceil(disk.size / (CLUSTER * L2_ENTRIES))).fill(0n);
  const refcounts = new Refcounts();
  let l2: { readonly index: number; readonly entries: BigUint64Array } | undefined;
  let at = CLUSTER;
  refcounts.add(0, CLUSTER);

  function* alignToCluster(): Generator<Uint8Array> {
    const pad = -at & (CLUSTER - 1) ? CLUSTER - (at % CLUSTER) : 0;
    yield* zeroes(pad);
    at += pad;
  }
  function* whole(bytes: Uint8Array): Generator<Uint8Array> {
    refcounts.add(at, bytes.length);
    at += bytes.length;
    yield bytes;
  }
  function* endLevel2(): Generator<Uint8Array> {
    if (!l2) return;
    yield* alignToCluster();
    l1[l2.index] = BigInt(at) | COPIED;
    yield* whole(bigEndian(l2.entries, CLUSTER));
  }

  // QEMU inflates with a window of 4 KiB
  using deflater = new Deflater({ wrap: "raw", blockSize: CLUSTER, atOnce: AT_ONCE, level, windowBits: 12, memLevel: 9 });
  const compressed = async (block: Block): Promise<Cluster> => {
    if (!compress || !isCompressible(block.bytes)) return block;
    const packed = await deflater.deflate(block.bytes);
    return packed.length < CLUSTER ? { ...block, packed } : block;
  };

  yield* zeroes(CLUSTER);
  for await (const { index, bytes, packed } of mapOrdered(readBlocks(disk, CLUSTER, { held: AT_ONCE }), AT_ONCE, compressed)) {
    const table = Math.floor(index / L2_ENTRIES);
    if (l2?.index !== table) {
      yield* endLevel2();
      l2 = { index: table, entries: new BigUint64Array(L2_ENTRIES) };
    }
    if (packed) {
      const sectors = Math.floor((at + packed.length - 1) / 512) - Math.floor(at / 512);
      l2.entries[index % L2_ENTRIES] = COMPRESSED | (BigInt(sectors) << SECTORS_SHIFT) | BigInt(at);
      // a compressed cluster occupies whole sectors, so each cluster that they touch counts as used
      refcounts.add(Math.floor(at / 512) * 512, (sectors + 1) * 512);
      at += packed.length;
      yield packed;
    } else {
      yield* alignToCluster();
      l2.entries[index % L2_ENTRIES] = BigInt(at) | COPIED;
      yield* whole(bytes);
    }
  }
  yield* endLevel2();
  yield* alignToCluster();
  const l1At = at;
  yield* whole(bigEndian(l1, Math.max(1, Math.ceil((l1.length * 8) / CLUSTER)) * CLUSTER));

  // the refcount blocks and their table must count themselves too
  let blocks = 0;
  let tableClusters = 0;
  for (let total = 0; total !== at / CLUSTER + blocks + tableClusters; ) {
    total = at / CLUSTER + blocks + tableClusters;
    blocks = Math.ceil(total / REFCOUNTS_PER_BLOCK);
    tableClusters = Math.ceil((blocks * 8) / CLUSTER);
  }
  const tableAt = at;
  refcounts.add(at, (tableClusters + blocks) * CLUSTER);
  const firstBlock = at + tableClusters * CLUSTER;
  yield bigEndian(
    Array.from({ length: blocks }, (_, index) => BigInt(firstBlock + index * CLUSTER)),
    tableClusters * CLUSTER,
  );
  for (let block = 0; block < blocks; block++) yield refcounts.encodeBlock(block);
  yield { position: 0, bytes: encodeHeader({ size: disk.size, l1Size: l1.length, l1At, tableAt, tableClusters }) };
}

interface Cluster extends Block {
  readonly packed?: Uint8Array;
}

/** The reference count of each cluster of the file, in 16 bits. */
class Refcounts {
  #counts = new Uint16Array(1024);

  add(offset: number, length: number): void {
    const last = Math.floor((offset + length - 1) / CLUSTER);
    if (last >= this.#counts.length) {
      const grown = new Uint16Array(Math.max(last + 1, this.#counts.length * 2));
      grown.set(this.#counts);
      this.#counts = grown;
    }
    for (let cluster = Math.floor(offset / CLUSTER); cluster <= last; cluster++) this.#counts[cluster] = (this.#counts[cluster] ?? 0) + 1;
  }

  encodeBlock(block: number): Buffer {
    const bytes = Buffer.alloc(CLUSTER);
    this.#counts
      .subarray(block * REFCOUNTS_PER_BLOCK, (block + 1) * REFCOUNTS_PER_BLOCK)
      .forEach((count, index) => void bytes.writeUInt16BE(count, index * 2));
    return bytes;
  }
}

function bigEndian(values: Iterable<bigint>, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let at = 0;
  for (const value of values) at = bytes.writeBigUInt64BE(value, at);
  return bytes;
}

function encodeHeader(fields: {
  readonly size: number;
  readonly l1Size: number;
  readonly l1At: number;
  readonly tableAt: number;
  readonly tableClusters: number;
}): Buffer {
  // 104 bytes of header, then an extension of type 0: the end of extensions
  const header = Buffer.alloc(112);
  header.write("QFI\xfb", "latin1");
  header.writeUInt32BE(3, 4);
  header.writeUInt32BE(Math.log2(CLUSTER), 20);
  header.writeBigUInt64BE(BigInt(fields.size), 24);
  header.writeUInt32BE(fields.l1Size, 36);
  header.writeBigUInt64BE(BigInt(fields.l1At), 40);
  header.writeBigUInt64BE(BigInt(fields.tableAt), 48);
  header.writeUInt32BE(fields.tableClusters, 56);
  header.writeUInt32BE(4, 96);
  header.writeUInt32BE(104, 100);
  return header;
}
