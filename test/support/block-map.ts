import type { Bytes } from "../../sdk/core/bytes.ts";
import { type MappedBlock, mapBlocks } from "../../sdk/upload/block-map.ts";

/** The blocks of a raw image that are not zero, in order. */
export async function blockMap(image: Bytes): Promise<MappedBlock[]> {
  const blocks: MappedBlock[] = [];
  for await (const _ of mapBlocks(image, (block) => blocks.push(block)));
  return blocks;
}
