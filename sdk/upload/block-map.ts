import type { Bytes } from "../core/bytes.ts";
import { type Digest, digestOf } from "../core/digest.ts";
import { rechunk } from "../core/rechunk.ts";
import { isZero } from "../core/zero.ts";

/** Bytes of a block: the unit in which EBS snapshots are written and compared, and in which our layout keeps its slots. */
export const BLOCK_BYTES = 512 << 10;

/** A block of a raw image that holds anything but zeroes. */
export interface MappedBlock {
  /** Bytes from the start of the image, a multiple of {@link BLOCK_BYTES}. */
  readonly offset: number;
  /** Of the whole block; where the image ends inside it, of the block filled up with zeroes. */
  readonly digest: Digest;
}

/**
 * Which blocks of a raw image hold anything, in order, each with its sha256: what an uploader has to send, or to
 * compare with what is there. The image is read once; one block is in memory.
 */
export async function blockMap(image: Bytes): Promise<MappedBlock[]> {
  const blocks: MappedBlock[] = [];
  let offset = 0;
  for await (const bytes of rechunk(image, BLOCK_BYTES)) {
    if (!isZero(bytes)) {
      const block = bytes.length === BLOCK_BYTES ? bytes : Buffer.concat([bytes], BLOCK_BYTES);
      blocks.push({ offset, digest: digestOf(block) });
    }
    offset += BLOCK_BYTES;
  }
  return blocks;
}

/** The blocks of `after` that differ from `before`, and the offsets that hold zeroes only since then. */
export function blockDiff(before: readonly MappedBlock[], after: readonly MappedBlock[]): { readonly changed: MappedBlock[]; readonly cleared: number[] } {
  const old = new Map(before.map(({ offset, digest }) => [offset, digest]));
  const changed = after.filter(({ offset, digest }) => old.get(offset) !== digest);
  for (const { offset } of after) old.delete(offset);
  return { changed, cleared: [...old.keys()] };
}
