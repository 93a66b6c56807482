import assert from "node:assert/strict";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { FileOutput } from "../../sdk/core/file-output.ts";
import { noise } from "../support/disks.ts";

/** Writes chunks of these lengths, overwriting each one's memory once it is taken, and returns what the file holds. */
async function written(
  lengths: readonly number[],
  then?: (output: FileOutput) => Promise<void>,
): Promise<{ readonly got: Buffer; readonly want: Buffer; readonly shown: number[] }> {
  const folder = await mkdtemp(join(tmpdir(), "file-output-"));
  const want: Buffer[] = [];
  const shown: number[] = [];
  try {
    await using file = await open(join(folder, "f"), "wx");
    await using output = new FileOutput(file);
    for (const [at, length] of lengths.entries()) {
      // every fifth chunk is zeroes
      const chunk = at % 5 === 4 ? Buffer.alloc(length) : noise(length, String(at));
      want.push(Buffer.from(chunk));
      await output.append(chunk, ({ length }) => shown.push(length));
      chunk.fill(0xee);
    }
    await then?.(output);
    await output.finish();
    return { got: await readFile(join(folder, "f")), want: Buffer.concat(want), shown };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const KIB = 1024;

describe("a file holds its chunks in order:", () => {
  for (const { name, lengths } of [
    { name: "no chunks", lengths: [] },
    { name: "one byte", lengths: [1] },
    { name: "many small ones", lengths: Array.from({ length: 400 }, (_, at) => at * 11) },
    { name: "large ones", lengths: [KIB << 10, KIB << 10, 300 * KIB] },
    {
      name: "small and large in turn, and holes",
      lengths: Array.from({ length: 40 }, (_, at) => (at % 3 === 0 ? 300 * KIB : at % 5 === 4 ? 70 * KIB : 999)),
    },
    { name: "exactly as much as is gathered", lengths: [128 * KIB, 128 * KIB, 256 * KIB, 1, 256 * KIB - 1] },
    { name: "a hole at the end", lengths: [1, 2, 3, 4, 100 * KIB] },
  ]) {
    test(name, async () => {
      const { got, want, shown } = await written(lengths);
      assert.ok(got.equals(want));
      assert.deepEqual(shown, lengths);
    });
  }

  test("an overwrite replaces appended bytes", async () => {
    const { got, want } = await written([10, 300 * KIB, 10], (output) => output.overwrite({ position: 5, bytes: Buffer.from("over") }));
    want.write("over", 5);
    assert.ok(got.equals(want));
  });
});

test("a failed write is thrown by a later append", async () => {
  await using full = await open("/dev/full", "w");
  await using output = new FileOutput(full);
  await output.append(noise(200 * KIB));
  await assert.rejects(
    async () => {
      for (let more = 0; more < 9; more++) await output.append(noise(200 * KIB));
    },
    { code: "ENOSPC" },
  );
});
