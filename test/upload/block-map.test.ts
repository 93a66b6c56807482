import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { collect } from "../../sdk/core/bytes.ts";
import { readDisk } from "../../sdk/disk/extent.ts";
import { mapBlocks } from "../../sdk/upload/block-map.ts";
import { blockMap } from "../support/block-map.ts";
import { DISKS, noise } from "../support/disks.ts";
import { judge, scratch } from "../support/judge.ts";

const KIB512 = 512 << 10;

describe("a block map", () => {
  for (const { name, disk } of DISKS.filter(({ disk }) => disk.size < 1e8)) {
    test(`of ${name} names the blocks that sha256sum sees`, async () => {
      await using folder = await scratch();
      const raw = await collect(readDisk(disk));
      const file = await folder.file("raw", [raw]);
      judge("split", "-b", `${KIB512}`, "-d", "-a", "4", file, join(folder.path, "block-"));
      const zero = judge("sha256sum", "-z", ...(await folder.file("zero", [Buffer.alloc(KIB512)]).then((path) => [path]))).slice(0, 64);
      const count = raw.length / KIB512;
      const sums = judge(
        "sha256sum",
        ...Array.from({ length: count }, (_, index) => join(folder.path, `block-${String(index).padStart(4, "0")}`)),
      )
        .trim()
        .split("\n")
        .map((line, index) => ({ offset: index * KIB512, digest: `sha256:${line.slice(0, 64)}` }))
        .filter(({ digest }) => digest !== `sha256:${zero}`);
      assert.deepEqual(await blockMap([raw]), sums);
      assert.deepEqual(await blockMap(readDisk(disk)), sums);
    });
  }

  test("lets the bytes pass as they were", async () => {
    const image = noise(3 * KIB512 + 7);
    const chunks = [image.subarray(0, 5), image.subarray(5, 2 * KIB512), image.subarray(2 * KIB512)];
    const seen: number[] = [];
    const passed: Uint8Array[] = [];
    for await (const chunk of mapBlocks(chunks, ({ offset }) => seen.push(offset / KIB512))) passed.push(chunk);
    assert.deepEqual(passed, chunks);
    assert.deepEqual(seen, [0, 1, 2, 3]);
  });

  test("of an image that ends inside a block is that of the image filled up", async () => {
    const image = noise(KIB512 + 10);
    assert.deepEqual(await blockMap([image]), await blockMap([Buffer.concat([image], 2 * KIB512)]));
  });
});
