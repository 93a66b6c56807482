import assert from "node:assert/strict";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { leastMemoryMiB, preflight } from "../../providers/qemu/memory.ts";

const scratch = await mkdtemp(join(tmpdir(), "memory-"));
after(() => rm(scratch, { recursive: true, force: true }));

async function fileOf(name: string, size: number): Promise<string> {
  const path = join(scratch, name);
  await using file = await open(path, "w");
  await file.truncate(size);
  return path;
}

describe("the memory of a machine", () => {
  for (const [mebibytes, least] of [[0, 34], [4, 42], [50, 134]] as const) {
    test(`is ${least} MiB at least for an image of ${mebibytes}`, () => assert.equal(leastMemoryMiB(mebibytes * 2 ** 20), least));
  }

  test("is enough", async () => {
    await preflight({ kernel: await fileOf("k1", 1), initrd: await fileOf("i1", 4 * 2 ** 20), memoryMiB: 96 });
  });

  test("is too little: both figures, before anything starts", async () => {
    const small = { kernel: await fileOf("k2", 1), initrd: await fileOf("i2", 50 * 2 ** 20), memoryMiB: 128 };
    await assert.rejects(preflight(small), { code: "TOO_LARGE", message: /memoryMiB: got 128, wanted at least 134: the image is 50\.0 MiB/ });
  });

  test("is not asked about files that are not there", async () => {
    await assert.rejects(preflight({ kernel: join(scratch, "none"), initrd: "/i", memoryMiB: 256 }), { code: "NOT_FOUND", message: /kernel: no file .*none: build the image/ });
  });
});
