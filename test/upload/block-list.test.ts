import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { blocksToWrite, decodeBlockList, encodeBlockList, type ListedBlock, listBlocks } from "../../sdk/upload/block-list.ts";
import { BLOCK_BYTES } from "../../sdk/upload/block-map.ts";
import { blockMap } from "../support/block-map.ts";
import { noise } from "../support/disks.ts";

const block = (index: number, fill: string): ListedBlock => ({ index, mark: fill.repeat(32).slice(0, 32) });

describe("a list of blocks as text", () => {
  const lists: Record<string, ListedBlock[]> = {
    "without blocks": [],
    "of the first block": [block(0, "0a")],
    "of neighbours and far ones": [
      block(0, "01"),
      block(1, "02"),
      block(128, "03"),
      block(257, "04"),
      block(16_641, "05"),
      block((64 << 20) - 1, "ff"),
    ],
  };
  for (const [name, list] of Object.entries(lists))
    test(`${name} is read as it was written`, () => assert.deepEqual(decodeBlockList(encodeBlockList(list)), list));

  test("takes 17 bytes for a block beside another", () => {
    assert.equal(Buffer.from(encodeBlockList([block(4, "01"), block(5, "02"), block(6, "03")]), "base64").length, 51);
  });
  test("that was cut is refused", () => {
    const text = Buffer.from(encodeBlockList([block(300, "01")]), "base64");
    for (const length of [1, 2, 17])
      assert.throws(() => decodeBlockList(text.subarray(0, length).toString("base64")), { code: "CORRUPT" }, `${length}`);
  });
});

test("what is to write is what changed, what came, and what holds zeroes since", async () => {
  const before = listBlocks(await blockMap([noise(BLOCK_BYTES, "a"), noise(BLOCK_BYTES, "b"), noise(BLOCK_BYTES, "c")]));
  const after = listBlocks(await blockMap([noise(BLOCK_BYTES, "a"), noise(BLOCK_BYTES, "B"), Buffer.alloc(BLOCK_BYTES), noise(3, "d")]));
  assert.deepEqual(blocksToWrite(before, after), [1, 2, 3]);
  assert.deepEqual(blocksToWrite(after, after), []);
  assert.deepEqual(blocksToWrite([], after), [0, 1, 3]);
});
