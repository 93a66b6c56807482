import { hexOf } from "../core/digest.ts";
import { LinuxKitError } from "../core/errors.ts";
import { BLOCK_BYTES, type MappedBlock } from "./block-map.ts";

/** A block as a stack's state stores it. */
export interface ListedBlock {
  /** Offset in blocks of {@link BLOCK_BYTES}. */
  readonly index: number;
  /** The first 16 bytes of the block's sha256, 32 hexadecimal digits: enough to detect a change, in half the space. */
  readonly mark: string;
}

const MARK_BYTES = 16;

/** {@link ListedBlock.mark} of a block with this sha256. */
export function markOf(digest: MappedBlock["digest"]): string {
  return hexOf(digest).slice(0, 2 * MARK_BYTES);
}

/** A block map in the form of the state. */
export function listBlocks(blocks: readonly MappedBlock[]): ListedBlock[] {
  return blocks.map(({ offset, digest }) => ({ index: offset / BLOCK_BYTES, mark: markOf(digest) }));
}

/**
 * A list of blocks as text for a stack's state: base64 of, per block, its distance from the one before (LEB128) and its mark.
 * 2 GiB of data take 93 kB.
 */
export function encodeBlockList(blocks: readonly ListedBlock[]): string {
  const bytes: number[] = [];
  let last = -1;
  for (const { index, mark } of blocks) {
    let distance = index - last - 1;
    for (; distance > 0x7f; distance >>>= 7) bytes.push((distance & 0x7f) | 0x80);
    bytes.push(distance, ...Buffer.from(mark, "hex"));
    last = index;
  }
  return Buffer.from(bytes).toString("base64");
}

/** The list that {@link encodeBlockList} wrote. @throws CORRUPT for text that it did not write */
export function decodeBlockList(text: string): ListedBlock[] {
  const bytes = Buffer.from(text, "base64");
  const blocks: ListedBlock[] = [];
  let last = -1;
  for (let at = 0; at < bytes.length; at += MARK_BYTES) {
    let distance = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 28) throw corrupt();
      distance += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    last += distance + 1;
    if (at + MARK_BYTES > bytes.length) throw corrupt();
    blocks.push({ index: last, mark: bytes.toString("hex", at, at + MARK_BYTES) });
  }
  return blocks;
}

/** Indexes of blocks that differ between `before` and `after`, including those that are zeroes only in `after`, ascending. */
export function blocksToWrite(before: readonly ListedBlock[], after: readonly ListedBlock[]): number[] {
  const old = new Map(before.map(({ index, mark }) => [index, mark]));
  const indexes = after.flatMap(({ index, mark }) => (old.get(index) === mark ? [] : [index]));
  for (const { index } of after) old.delete(index);
  return [...indexes, ...old.keys()].sort((one, other) => one - other);
}

function corrupt(): LinuxKitError {
  return new LinuxKitError("CORRUPT", "blocks: got text that ends inside a block, wanted a list of blocks as a build writes it", {
    path: "blocks",
  });
}
