import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { directoryEntry, fileEntry } from "../../sdk/archive/entry.ts";
import { bootMemoryMiB, initrdMemory } from "../../sdk/archive/initrd-memory.ts";
import { writeCpio } from "../../sdk/archive/write-cpio.ts";
import { collect } from "../../sdk/core/bytes.ts";

const MIB = 1 << 20;
const archive = (bytes: Buffer) => collect(writeCpio([directoryEntry("etc"), fileEntry("etc/file", bytes)]));
const random = randomBytes(70_000);
const plain = await archive(random);
// 70,000 bytes are 18 pages; each path has 1 KiB
const ONE = 18 * 4096 + 2 * 1024;
const [gzip, zstd] = [gzipSync(plain), zstdCompressSync(plain)];
const zeroes = (count: number) => Buffer.alloc(count);

describe("initrdMemory counts", () => {
  const rows: readonly [name: string, initrd: Buffer, archives: number | undefined][] = [
    ["a plain archive", plain, 1],
    ["gzip", gzip, 1],
    ["zstd", zstd, 1],
    [
      "gzip with a name in its header",
      Buffer.concat([gzip.subarray(0, 3), Buffer.of(8), gzip.subarray(4, 10), Buffer.from("initrd\0"), gzip.subarray(10)]),
      1,
    ],
    [
      "several archives, with and without zeroes between them",
      Buffer.concat([
        plain,
        gzip,
        zeroes(3),
        zstd,
        zeroes(70_001),
        zstd,
        gzip,
        gzip,
        zstd,
        zeroes(4 - ((3 * zstd.length + 3 * gzip.length) % 4)),
        zeroes(512),
      ]),
      7,
    ],
    ["only zeroes as 0", zeroes(1000), 0],
    ["an empty initrd as 0", zeroes(0), 0],
    ["a compression that only the kernel can unpack as unknown", Buffer.concat([zstd, Buffer.from("fd377a585a00", "hex")]), undefined],
    ["an archive that is cut short as unknown", plain.subarray(0, 60), undefined],
    ["gzip that is cut short as unknown", gzip.subarray(0, 30), undefined],
  ];
  for (const [name, initrd, archives] of rows) {
    test(name, async () => {
      // chunks that end within headers and bodies
      const open = (offset: number) =>
        Array.from({ length: Math.ceil((initrd.length - offset) / 999) }, (_, index) =>
          initrd.subarray(offset + index * 999, Math.min(initrd.length, offset + (index + 1) * 999)),
        );
      assert.deepEqual(await initrdMemory(open), archives === undefined ? undefined : { packed: initrd.length, unpacked: archives * ONE });
    });
  }
});

// measured under QEMU with Debian's kernel: the least memory with which the system became healthy
describe("the model of boot memory agrees with the measurement of", () => {
  for (const [name, image, measured] of [
    ["a small system", { packed: 5_098_576, unpacked: 14_747_648 }, 94],
    ["the same with 100 MiB that do not compress", { packed: 109_956_688, unpacked: 119_606_272 }, 303],
    ["the same with 100 MiB of zeroes", { packed: 5_101_972, unpacked: 119_606_272 }, 197],
  ] as const) {
    test(name, () => {
      const { least, enough } = bootMemoryMiB(image);
      assert.ok(Math.abs(enough - measured) <= 3, `${enough}`);
      assert.ok(least < measured && least > (image.packed + image.unpacked) / MIB);
    });
  }
});
