import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { fileEntry } from "../../sdk/archive/entry.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { present } from "../../sdk/core/present.ts";
import { bytesAt, makeDisk, readDisk, replaceExtents } from "../../sdk/disk/extent.ts";
import { fatVolume } from "../../sdk/disk/fat.ts";
import { installSyslinux, readSyslinux, syslinuxConfig, syslinuxFiles } from "../../sdk/disk/syslinux.ts";
import { noise } from "../support/disks.ts";
import { judge, judgeBytes, scratch } from "../support/judge.ts";

// Debian's installer is both the source and the judge: it installs the same loader on the same volume
const installer = await readFile("/usr/bin/syslinux");

describe("SYSLINUX", () => {
  for (const type of [16, 32] as const) {
    test(`is installed on FAT${type} with the same bytes as by its installer`, async () => {
      await using folder = await scratch();
      const syslinux = readSyslinux(installer);
      const entries = [
        fileEntry("kernel", noise(100_000)),
        ...syslinuxFiles(syslinux),
        fileEntry("syslinux.cfg", syslinuxConfig({ kernel: "kernel", initrds: ["a", "b"], cmdline: "quiet" })),
      ];
      const volume = fatVolume({ entries, serial: 9, type });
      const ours = await folder.file("ours", readDisk(installSyslinux(volume, syslinux)));
      assert.match(judge("fsck.vfat", "-n", ours), /files, /);

      // its own copy on a volume where each file gets the same clusters
      const theirs = await folder.file("theirs", readDisk(volume.disk));
      judge("syslinux", "--install", theirs);
      const [mine, other] = [await readFile(ours), await readFile(theirs)];
      const place = (image: Buffer) => image.readUInt32LE(0x11a);
      assert.equal(place(mine), present(volume.positions.get("ldlinux.sys")) / 512);
      assert.deepEqual(mine.subarray(0x120, 512), other.subarray(0x120, 512));
      assert.deepEqual(mine.subarray(0, 11), other.subarray(0, 11));
      const copy = judgeBytes("mtype", "-i", theirs, "::ldlinux.sys");
      const at = place(other) * 512;
      assert.deepEqual(other.subarray(at, at + copy.length), copy);
      // where the installer put its file elsewhere, only sector numbers and the checksum they enter can differ
      const own = judgeBytes("mtype", "-i", ours, "::ldlinux.sys");
      assert.equal(own.length, copy.length);
      const differing = [...own.keys()].filter((index) => own[index] !== copy[index]);
      if (place(mine) === place(other)) assert.deepEqual(differing, []);
      else
        assert.ok(
          differing.every((index) => (index >= 0x28 && index < 0x2c) || (index >= 494 && index < 502) || (index >= 5848 && index < 5864)),
          `${differing}`,
        );
      assert.deepEqual(judgeBytes("mtype", "-i", ours, "::ldlinux.c32"), judgeBytes("mtype", "-i", theirs, "::ldlinux.c32"));
    });
  }

  test("a patched core sums up to its magic number", async () => {
    const syslinux = readSyslinux(installer);
    const volume = fatVolume({ entries: syslinuxFiles(syslinux), serial: 9 });
    const image = await collect(readDisk(installSyslinux(volume, syslinux)));
    const at = present(volume.positions.get("ldlinux.sys"));
    let sum = 0;
    for (let dword = 0; dword < syslinux.core.length; dword += 4) sum = (sum + image.readUInt32LE(at + dword)) >>> 0;
    assert.equal(sum, 0x3eb202fe);
  });

  test("its configuration names every initrd in order", () =>
    assert.equal(
      syslinuxConfig({ kernel: "kernel", initrds: ["a", "b"], cmdline: "quiet" }),
      "DEFAULT linuxkit\nPROMPT 0\nLABEL linuxkit\n  LINUX /kernel\n  INITRD /a,/b\n  APPEND quiet\n",
    ));

  for (const row of [
    { name: "another program", bytes: Buffer.from("\x7fELF and so on") },
    {
      name: "an installer without its boot sector",
      bytes: Buffer.concat([Buffer.alloc(512), installer.subarray(installer.indexOf("\r\nSYSLINUX "))]),
    },
    { name: "an installer cut short", bytes: installer.subarray(0, installer.indexOf("\r\nSYSLINUX ") + 4096) },
  ]) {
    test(`refuses ${row.name}`, () => assert.throws(() => readSyslinux(row.bytes), { code: "CORRUPT" }));
  }

  test("refuses a volume without its core", () =>
    assert.throws(() => installSyslinux(fatVolume({ entries: [], serial: 1 }), readSyslinux(installer)), { code: "NOT_FOUND" }));

  test("an extent is replaced only by one with the same offset and length", () => {
    const disk = makeDisk(8, [bytesAt(2, Buffer.from("ab"))]);
    assert.deepEqual(replaceExtents(disk, [bytesAt(2, Buffer.from("cd"))]).extents, [bytesAt(2, Buffer.from("cd"))]);
    assert.throws(() => replaceExtents(disk, [bytesAt(2, Buffer.from("c"))]), { code: "INVALID_DEFINITION" });
  });
});
