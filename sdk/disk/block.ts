import { isZero } from "../core/zero.ts";
import { type Disk, readExtent } from "./extent.ts";

/** An aligned block of a disk. */
export interface Block {
  /** The block's number: its offset divided by the block size. */
  readonly index: number;
  /** Always a whole block; what lies beyond the disk's end is zero. Yours to keep. */
  readonly bytes: Uint8Array;
}

/**
 * The blocks of a disk that hold anything but zeroes, in order. Gaps between extents are never read, so a sparse disk
 * costs what its content costs; at most one block is in memory here. With `"keep-zeroes"` every block of
 * {@link occupiedBlocks} is given, for a writer that has told its reader where they stand.
 */
export async function* readBlocks(disk: Disk, blockSize: number, zeroBlocks: "skip-zeroes" | "keep-zeroes" = "skip-zeroes"): AsyncGenerator<Block> {
  const wanted = (block: Uint8Array) => zeroBlocks === "keep-zeroes" || !isZero(block);
  let index = -1;
  let bytes = new Uint8Array(0);
  for (const extent of disk.extents) {
    if (extent.source === "zero") continue;
    let at = extent.offset;
    for await (const chunk of readExtent(extent)) {
      for (let taken = 0; taken < chunk.length; ) {
        const here = Math.floor(at / blockSize);
        if (here !== index) {
          if (index >= 0 && wanted(bytes)) yield { index, bytes };
          index = here;
          bytes = new Uint8Array(blockSize);
        }
        const inside = at - index * blockSize;
        const part = chunk.subarray(taken, taken + blockSize - inside);
        bytes.set(part, inside);
        taken += part.length;
        at += part.length;
      }
    }
  }
  if (index >= 0 && wanted(bytes)) yield { index, bytes };
}

/** The numbers of the blocks that an extent with content touches, in order, found without reading any. */
export function* occupiedBlocks(disk: Disk, blockSize: number): Generator<number> {
  let next = 0;
  for (const extent of disk.extents) {
    if (extent.source === "zero") continue;
    const last = Math.floor((extent.offset + extent.length - 1) / blockSize);
    for (let index = Math.max(next, Math.floor(extent.offset / blockSize)); index <= last; index++) yield index;
    next = Math.max(next, last + 1);
  }
}
