import assert from "node:assert/strict";
import { lstat, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Entry, fileEntry } from "../../sdk/archive/entry.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { present } from "../../sdk/core/present.ts";
import { erofsVolume } from "../../sdk/disk/erofs.ts";
import { readDisk } from "../../sdk/disk/extent.ts";
import { noise } from "../support/disks.ts";
import { judge, scratch } from "../support/judge.ts";
import { trickyTree } from "../support/trees.ts";

const volume = (entries: readonly Entry[]) => readDisk(erofsVolume({ entries, seed: "sha256:00", label: "root" }));

describe("an EROFS volume", () => {
  for (const row of [
    { name: "no entries", entries: [] },
    {
      name: "sizes around a block",
      entries: [1, 63, 64, 4031, 4032, 4033, 4095, 4096, 4097, 8192, 100_000].map((size) => fileEntry(`size ${size}`, noise(size))),
    },
    { name: "every kind of entry", entries: trickyTree() },
    {
      name: "directories of several blocks",
      entries: Array.from({ length: 3000 }, (_, index) => fileEntry(`d/${"x".repeat(index % 90)}${index}`, `${index}`)),
    },
  ]) {
    test(`of ${row.name} passes fsck.erofs, which extracts the same tree`, async () => {
      await using folder = await scratch();
      const image = await folder.file("root.erofs", volume(row.entries));
      const out = join(folder.path, "out");
      assert.match(judge("fsck.erofs", "-d3", image), /No errors? found/i);
      judge("fsck.erofs", `--extract=${out}`, "--preserve-perms", image);
      for (const entry of row.entries) {
        const path = join(out, entry.path);
        if (entry.type === "file") assert.deepEqual(await readFile(path), await collect(entry.body), entry.path);
        if (entry.type === "symlink") assert.equal(await readlink(path), entry.link);
        if (entry.type !== "file" && entry.type !== "directory") continue;
        assert.equal((await lstat(path)).mtimeMs / 1000, entry.mtime, entry.path);
        // fsck.erofs drops setuid when it extracts
        assert.equal((await lstat(path)).mode & 0o777, entry.mode & 0o777, entry.path);
      }
    });
  }

  test("keeps modes, owners, links, devices and extended attributes, as dump.erofs shows", async () => {
    await using folder = await scratch();
    const entries = [
      ...trickyTree(),
      {
        ...fileEntry("capable", noise(5000)),
        xattrs: new Map([
          ["security.capability", Buffer.from("0100000200040000000000000000000000000000", "hex")],
          ["user.note", Buffer.from("hello")],
        ]),
      },
    ];
    const image = await folder.file("root.erofs", volume(entries));
    judge("fsck.erofs", image);
    const show = (path: string) => judge("dump.erofs", "--path", path, image);
    assert.match(show("/etc/passwd"), /Uid: 1000 +Gid: 100 +Access: 0640/);
    assert.match(show("/bin/large"), /Links: 2/);
    assert.match(show("/capable"), /Xattr size: [1-9]/);
    assert.match(
      present(present(show("/bin/linked").match(/NID: (\d+)/))[1]),
      new RegExp(`^${present(show("/bin/large").match(/NID: (\d+)/))[1]}$`),
    );
  });

  test("reads bodies in the given order, small and large ones mixed", async () => {
    const read: number[] = [];
    const entries = [100, 10_000, 50, 4096, 1].map((size, index) => ({
      ...fileEntry(`${9 - index}`, noise(size)),
      body: {
        *[Symbol.iterator]() {
          read.push(index);
          yield noise(size);
        },
      },
    }));
    await collect(volume(entries));
    assert.deepEqual(read, [0, 1, 2, 3, 4]);
  });

  test("is the same each time", async () => assert.deepEqual(await collect(volume(trickyTree())), await collect(volume(trickyTree()))));

  test("refuses an attribute with a prefix that erofs does not have", () =>
    assert.throws(() => volume([{ ...fileEntry("a", ""), xattrs: new Map([["btrfs.x", Buffer.of(1)]]) }]), { code: "UNSUPPORTED" }));
  test("refuses attributes larger than a block", () =>
    assert.throws(() => volume([{ ...fileEntry("a", ""), xattrs: new Map([["user.x", Buffer.alloc(5000)]]) }]), { code: "TOO_LARGE" }));
  test("refuses a label of 17 bytes", () =>
    assert.throws(() => erofsVolume({ entries: [], seed: "a", label: "x".repeat(17) }), { code: "INVALID_DEFINITION" }));
});
