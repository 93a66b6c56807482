import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lz4Legacy } from "../../sdk/archive/lz4.ts";
import { noise } from "../support/fake-plan.ts";
import { copied, judgeBytes, scratch } from "../support/judge.ts";
import { Random, seed } from "../support/random.ts";

/** Bytes with repetitions of every length and distance, and stretches without. */
function mixed(random: Random, size: number): Buffer {
  const bytes = Buffer.concat([...noise(size, String(random.below(1 << 30)))]);
  for (let at = 1; at < size; ) {
    const length = Math.min(random.pick([4, 5, 18, 19, 20, 60, 300, 70_000]), size - at);
    const distance = 1 + random.below(Math.min(at, random.pick([1, 2, 7, 64, 65_535])));
    for (let index = 0; index < length; index++) bytes[at + index] = bytes[at + index - distance] as number;
    at += length + random.pick([0, 1, 14, 15, 16, 270, 5000]);
  }
  return bytes;
}

test("restores what lz4 -l packs, in chunks of any size, whatever follows the last block", async (context) => {
  const from = seed();
  context.diagnostic(`TEST_SEED=${from}`);
  const random = new Random(from);
  await using folder = await scratch();
  for (const size of [0, 1, 100, 70_000, 1_000_000, (8 << 20) - 1, (8 << 20) + 5]) {
    const bytes = mixed(random, size);
    const packed = judgeBytes("lz4", "-l", "-9", "-c", await folder.file(`plain${size}`, [bytes]));
    const cut = random.below(packed.length);
    assert.ok((await copied(lz4Legacy([packed.subarray(0, cut), packed.subarray(cut)], "x"))).equals(bytes), `${size}`);
    // the kernel's build appends the size of what it packed
    const appended = Buffer.alloc(4);
    appended.writeUInt32LE(size);
    assert.ok((await copied(lz4Legacy([packed, appended], "x"))).equals(bytes), `${size}, with its size`);
  }
});

describe("refuses", () => {
  const frame = (...block: number[]): Buffer => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(block.length);
    return Buffer.concat([Buffer.from([2, 0x21, 0x4c, 0x18]), size, Buffer.from(block)]);
  };
  for (const [what, bytes] of Object.entries({
    "a wrong magic number": Buffer.from("neither"),
    "literals beyond the block": frame(0x50, 1, 2),
    "a length that is cut short": frame(0xf0, 255),
    "a match before the start": frame(0x10, 1, 2, 0, 0x10, 1),
    "a match at distance 0": frame(0x10, 1, 0, 0, 0x10, 1),
    "a match without its distance": frame(0x10, 1, 1),
    "more than 8 MiB in a block": frame(0x1f, 1, 1, 0, ...Array<number>(33_000).fill(255), 0),
  })) {
    test(what, () =>
      assert.rejects(copied(lz4Legacy([bytes], "a kernel")), { code: "CORRUPT", message: /^a kernel: its lz4 data is broken/ }),
    );
  }
});
