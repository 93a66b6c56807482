import { ring } from "../core/ring.ts";
import { isZero } from "../core/zero.ts";
import { type Disk, readExtent } from "./extent.ts";

/** An aligned block of a disk. */
export interface Block {
  /** The block's number: its offset divided by the block size. */
  readonly index: number;
  /** Always a whole block; what lies beyond the disk's end is zero. */
  readonly bytes: Uint8Array;
}

export interface ReadBlocksOptions {
  /** `keep` gives every block of {@link occupiedBlocks}, for a writer that has told its reader where they stand. @default "skip" */
  readonly zeroBlocks?: "skip" | "keep";
  /** How many blocks are held at once: one is good until so many more are asked for. @default 1, good until the next is asked for */
  readonly held?: number;
}

/**
 * The blocks of a disk that hold anything but zeroes, in order. Gaps between extents are never read, so a sparse disk
 * costs what its content costs; in memory are the blocks that are held.
 */
export async function* readBlocks(
  disk: Disk,
  blockSize: number,
  { zeroBlocks = "skip", held = 1 }: ReadBlocksOptions = {},
): AsyncGenerator<Block> {
  const wanted = (block: Uint8Array) => zeroBlocks === "keep" || !isZero(block);
  const next = ring(held, () => new Uint8Array(blockSize));
  let index = -1;
  let bytes = next();
  /** How far the block is filled. */
  let filled = 0;
  for (const extent of disk.extents) {
    if (extent.source === "zero") continue;
    let at = extent.offset;
    for await (const chunk of readExtent(extent)) {
      for (let taken = 0; taken < chunk.length; ) {
        const here = Math.floor(at / blockSize);
        if (here !== index) {
          bytes.fill(0, filled);
          if (index >= 0 && wanted(bytes)) {
            yield { index, bytes };
            bytes = next();
          }
          index = here;
          filled = 0;
        }
        const inside = at - index * blockSize;
        const part = chunk.subarray(taken, taken + blockSize - inside);
        // it may hold an earlier block
        bytes.fill(0, filled, inside);
        bytes.set(part, inside);
        filled = inside + part.length;
        taken += part.length;
        at += part.length;
      }
    }
  }
  bytes.fill(0, filled);
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
