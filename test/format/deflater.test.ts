import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { constants, inflateRawSync, inflateSync } from "node:zlib";
import { mapOrdered } from "../../sdk/core/ordered.ts";
import { Deflater, type DeflaterOptions } from "../../sdk/format/deflater.ts";
import { noise } from "../support/disks.ts";

const SIZE = 65536;
const program = readFileSync(process.execPath);

/** Blocks of every kind, each different. */
const BLOCKS = Array.from({ length: 40 }, (_, index) => {
  const blocks = [
    Buffer.from(`line ${index}\n`.repeat(SIZE)).subarray(0, SIZE),
    noise(SIZE, `${index}`),
    program.subarray(index * SIZE, (index + 1) * SIZE),
    Buffer.from(noise(SIZE, `${index}`).toString("base64")).subarray(0, SIZE),
    noise(1 + index, `${index}`),
  ];
  return blocks[index % blocks.length] as Buffer;
});

async function packed(blocks: readonly Buffer[], options: Partial<DeflaterOptions>): Promise<Buffer[]> {
  using deflater = new Deflater({ wrap: "raw", blockSize: SIZE, atOnce: 4, level: 6, ...options });
  const results: Buffer[] = [];
  for await (const bytes of mapOrdered(blocks, 4, (block) => deflater.deflate(block))) results.push(Buffer.from(bytes));
  return results;
}

describe("each block survives compression:", () => {
  for (const { name, options, inflate } of [
    { name: "raw", options: {}, inflate: (bytes: Buffer) => inflateRawSync(bytes) },
    {
      name: "raw with a window of 4 KiB",
      options: { windowBits: 12, memLevel: 9 },
      inflate: (bytes: Buffer) => inflateRawSync(bytes, { windowBits: 12 }),
    },
    { name: "zlib, with its checksum", options: { wrap: "zlib" }, inflate: (bytes: Buffer) => inflateSync(bytes) },
    {
      name: "as a piece of a stream",
      options: { end: "flush" },
      inflate: (bytes: Buffer) => inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
    },
  ] satisfies { name: string; options: Partial<DeflaterOptions>; inflate: (bytes: Buffer) => Buffer }[]) {
    test(name, async () => {
      const results = await packed(BLOCKS, options);
      for (const [at, block] of BLOCKS.entries()) assert.ok(inflate(results[at] as Buffer).equals(block), `block ${at}`);
    });
  }
});

test("a compressed block does not depend on earlier blocks", async () => {
  const forwards = await packed(BLOCKS, {});
  const backwards = await packed(BLOCKS.toReversed(), {});
  const different = backwards.reverse().flatMap((bytes, at) => (bytes.equals(forwards[at] as Buffer) ? [] : [at]));
  assert.deepEqual(different, []);
});

test("noise grows by less than a hundredth", async () => {
  const [bytes] = await packed([noise(SIZE)], {});
  assert.ok((bytes?.length ?? 0) < SIZE * 1.01);
});
