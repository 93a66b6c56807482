import assert from "node:assert/strict";
import { lstat, mkdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Entry } from "../../sdk/archive/entry.ts";
import { writeCpio } from "../../sdk/archive/write-cpio.ts";
import { writeTar } from "../../sdk/archive/write-tar.ts";
import { type Bytes, collect } from "../../sdk/core/bytes.ts";
import { erofsVolume } from "../../sdk/disk/erofs.ts";
import { readDisk } from "../../sdk/disk/extent.ts";
import { fatVolume } from "../../sdk/disk/fat.ts";
import { isoVolume, LONGEST_ISO_NAME } from "../../sdk/disk/iso9660.ts";
import { judge, judgeBytes, scratch } from "../support/judge.ts";
import { Random, seed } from "../support/random.ts";
import { randomTree } from "../support/random-tree.ts";

const TREES = 12;

/** Who writes a tree, and the foreign program that gets it out again. */
interface Reader {
  readonly name: string;
  /** Longest path that the program takes, in bytes. */
  readonly longestPath: number;
  /** Longest name that the format holds, in bytes. @default 255 */
  readonly longestName?: number;
  /** Longest target of a symlink that it takes, in bytes. @default 4095 */
  readonly longestTarget?: number;
  write(entries: readonly Entry[]): Bytes;
  extract(image: string, out: string): void;
}

const READERS: readonly Reader[] = [
  {
    name: "xorriso reads back an ISO 9660 volume",
    longestPath: 1000,
    longestName: LONGEST_ISO_NAME,
    longestTarget: 1000,
    write: (entries) => readDisk(isoVolume({ entries, label: "RANDOM" }).disk),
    extract: (image, out) =>
      void judge("xorriso", "-abort_on", "WARNING", "-osirrox", "on:auto_chmod_on", "-indev", image, "-extract", "/", out),
  },
  {
    name: "fsck.erofs reads back an EROFS volume",
    longestPath: 3000,
    write: (entries) => readDisk(erofsVolume({ entries, seed: "sha256:00", label: "random" })),
    extract: (image, out) => void judge("fsck.erofs", `--extract=${out}`, image),
  },
  {
    name: "GNU cpio reads back a cpio archive",
    longestPath: 3000,
    write: writeCpio,
    extract: (image, out) => void judge("sh", "-c", 'cd "$1" && cpio --quiet -idm < "$2"', "sh", out, image),
  },
  {
    name: "GNU tar reads back a tar archive",
    longestPath: 3000,
    write: writeTar,
    extract: (image, out) => void judge("tar", "-xf", image, "-C", out),
  },
];

const start = seed();

for (const reader of READERS) {
  describe(`${reader.name}, of random trees`, () => {
    for (let at = 0; at < TREES; at++) {
      test(`TEST_SEED=${start + at}`, async () => {
        await using folder = await scratch();
        const entries = randomTree(new Random(start + at), reader);
        const image = await folder.file("image", reader.write(entries));
        const out = join(folder.path, "out");
        await mkdir(out);
        reader.extract(image, out);
        const listed = judge("find", out, "-mindepth", "1", "-printf", "%P\\n").split("\n").slice(0, -1);
        assert.deepEqual(listed.toSorted(), entries.map(({ path }) => path).toSorted());
        for (const { path, type, link, mode, body } of entries) {
          const there = join(out, path);
          if (type === "symlink") assert.equal(await readlink(there), link, path);
          if (type !== "file") continue;
          assert.deepEqual(await readFile(there), await collect(body), path);
          assert.equal((await lstat(there)).mode & 0o777, mode, path);
        }
      });
    }
  });
}

describe("fsck.vfat and mtools read back a FAT volume, of random trees", () => {
  for (let at = 0; at < TREES; at++) {
    test(`TEST_SEED=${start + at}`, async () => {
      await using folder = await scratch();
      // a path of mtools is bounded, and a long name of FAT ends in neither a dot nor a space
      const entries = randomTree(new Random(start + at), { symlinks: false, longestPath: 700 });
      const image = await folder.file("image", readDisk(fatVolume({ entries, serial: 1 }).disk));
      judge("fsck.vfat", "-n", image);
      for (const { path, type, body } of entries) {
        if (type === "file") assert.deepEqual(judgeBytes("mtype", "-i", image, `::${path}`), await collect(body), path);
      }
    });
  }
});
