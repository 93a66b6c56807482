import assert from "node:assert/strict";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { preflight } from "../../providers/qemu/plugin/memory.ts";
import { fileEntry } from "../../sdk/archive/entry.ts";
import { writeCpio } from "../../sdk/archive/write-cpio.ts";
import { collect } from "../../sdk/core/bytes.ts";
import type { Progress } from "../../sdk/core/progress.ts";

const MIB = 1 << 20;
const scratch = await mkdtemp(join(tmpdir(), "memory-"));
after(() => rm(scratch, { recursive: true, force: true }));

async function fileOf(name: string, size: number): Promise<string> {
  const path = join(scratch, name);
  await using file = await open(path, "w");
  await file.truncate(size);
  return path;
}

const kernel = await fileOf("kernel", 1);
const small = join(scratch, "small");
await writeFile(small, zstdCompressSync(await collect(writeCpio([fileEntry("zeroes", Buffer.alloc(100 * MIB))]), 128 * MIB)));

async function warnings(given: { initrd: string; memoryMiB: number; root?: string }): Promise<string[]> {
  const lines: Progress[] = [];
  await preflight({ kernel, ...given }, (progress) => void lines.push(progress));
  return lines.map(({ message }) => message);
}

describe("the memory check", () => {
  test("is silent if the memory is enough", async () => assert.deepEqual(await warnings({ initrd: small, memoryMiB: 180 }), []));

  test("warns if the memory is little, because another kernel may need less", async () => {
    assert.deepEqual(await warnings({ initrd: small, memoryMiB: 150 }), [
      "memoryMiB: 150 may be too little, Debian's kernel needs about 179: the image takes 0.0 MiB, plus 100.0 MiB unpacked, or keep the root packed in memory: format kernel+squashfs-initrd, or on a disk: format kernel+squashfs or kernel+erofs",
    ]);
  });

  test("refuses too little memory for the unpacked image, with figures and advice", async () => {
    await assert.rejects(warnings({ initrd: small, memoryMiB: 128 }), {
      code: "TOO_LARGE",
      message:
        "memoryMiB: got 128, wanted at least 135, or about 179 with Debian's kernel: the image takes 0.0 MiB, plus 100.0 MiB unpacked: raise memoryMiB, or keep the root packed in memory: format kernel+squashfs-initrd, or on a disk: format kernel+squashfs or kernel+erofs",
    });
  });

  test("counts a packed root twice, as it stays packed, and advises only a root on a disk", async () => {
    const packed = join(scratch, "packed");
    await writeFile(packed, await collect(writeCpio([fileEntry("root.squashfs", Buffer.alloc(50 * MIB, 1))]), 64 * MIB));
    await assert.rejects(warnings({ initrd: packed, memoryMiB: 128 }), {
      code: "TOO_LARGE",
      message:
        "memoryMiB: got 128, wanted at least 135, or about 179 with Debian's kernel: the image takes 50.0 MiB, plus 50.0 MiB unpacked: raise memoryMiB, or keep the root on a disk: format kernel+squashfs or kernel+erofs",
    });
  });

  test("does not advise a root on a disk if the root is on a disk", async () => {
    await assert.rejects(warnings({ initrd: small, memoryMiB: 128, root: kernel }), {
      code: "TOO_LARGE",
      message: /unpacked: raise memoryMiB$/,
    });
  });

  test("expects an image that only the kernel can unpack to need at least twice its size", async () => {
    const xz = join(scratch, "xz");
    await writeFile(xz, Buffer.concat([Buffer.from("fd377a585a00", "hex"), Buffer.alloc(50 * MIB, 1)]));
    await assert.rejects(warnings({ initrd: xz, memoryMiB: 128 }), {
      code: "TOO_LARGE",
      message: /memoryMiB: got 128, wanted at least 135.*the image takes 50\.0 MiB, plus 50\.0 MiB unpacked/,
    });
  });

  for (const [what, given] of [
    ["kernel", { kernel: join(scratch, "none"), initrd: small }],
    ["initrd", { kernel, initrd: join(scratch, "none") }],
    ["root", { kernel, initrd: small, root: join(scratch, "none") }],
  ] as const) {
    test(`refuses a missing ${what}`, async () => {
      await assert.rejects(preflight({ ...given, memoryMiB: 256 }), {
        code: "NOT_FOUND",
        message: new RegExp(`${what}: file not found: .*none: build the image`),
      });
    });
  }
});
