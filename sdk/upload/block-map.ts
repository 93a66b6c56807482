import type { Bytes } from "../core/bytes.ts";
import { type Digest, digestOf } from "../core/digest.ts";
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
 * The same bytes, in the same chunks. `onBlock` gets each block that is not zero, in order and with its sha256, once it
 * has passed: what an upload has to send, or to compare. One block is in memory.
 */
export async function* mapBlocks(image: Bytes, onBlock: (block: MappedBlock) => void): AsyncGenerator<Uint8Array> {
  const held = Buffer.alloc(BLOCK_BYTES);
  let offset = 0;
  let filled = 0;
  const end = (): void => {
    held.fill(0, filled);
    if (!isZero(held)) onBlock({ offset, digest: digestOf(held) });
    offset += BLOCK_BYTES;
    filled = 0;
  };
  for await (const chunk of image) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + BLOCK_BYTES - filled);
      held.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled === BLOCK_BYTES) end();
    }
    yield chunk;
  }
  if (filled > 0) end();
}
