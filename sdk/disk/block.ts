import { ring } from "../core/ring.ts";
import { isZero } from "../core/zero.ts";
import { type Disk, readExtent } from "./extent.ts";

/** An aligned block of a disk. */
export interface Block {
  /** The block's number: its offset divided by the block size. */
  readonly index: number;
  /** Always a whole block; bytes beyond the disk's end are zero. */
  readonly bytes: Uint8Array;
}

export interface ReadBlocksOptions {
  /** `keep` yields every block of {@link occupiedBlocks}, for a format that lists them before their content. @default "skip" */
  readonly zeroBlocks?: "skip" | "keep";
  /** How many blocks share memory: each is valid until that many more are read. @default 1 */
  readonly held?: number;
}

/**
 * The blocks of a disk that are not all zeroes, in order. Gaps between extents are never read, so a sparse disk costs only
 * its content. Memory holds `held` blocks.
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
        // the buffer may still hold an earlier block
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

/** The numbers of the blocks that extents with content touch, in order, without reading them. */
export function* occupiedBlocks(disk: Disk, blockSize: number): Generator<number> {
  let next = 0;
  for (const extent of disk.extents) {
    if (extent.source === "zero") continue;
    const last = Math.floor((extent.offset + extent.length - 1) / blockSize);
    for (let index = Math.max(next, Math.floor(extent.offset / blockSize)); index <= last; index++) yield index;
    next = Math.max(next, last + 1);
  }
}
