import assert from "node:assert/strict";
import { lstat, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { directoryEntry, fileEntry, symlinkEntry } from "../../sdk/archive/entry.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { present } from "../../sdk/core/present.ts";
import { readDisk } from "../../sdk/disk/extent.ts";
import { type IsoEntry, type IsoOptions, isoVolume, LONGEST_ISO_NAME } from "../../sdk/disk/iso9660.ts";
import { rockRidgeFields } from "../../sdk/disk/rock-ridge.ts";
import { noise } from "../support/disks.ts";
import { judge, judgeBytes, scratch } from "../support/judge.ts";
import { trickyTree } from "../support/trees.ts";

const options = (entries: readonly IsoEntry[], more: Partial<IsoOptions> = {}): IsoOptions => ({ entries, label: "LINUXKIT", ...more });

describe("an ISO 9660 volume", () => {
  test("of every kind of entry is read by xorriso with the same content, modes, owners, times, targets and devices", async () => {
    await using folder = await scratch();
    const entries = trickyTree(LONGEST_ISO_NAME);
    const image = await folder.file("volume.iso", readDisk(isoVolume(options(entries)).disk));
    const out = join(folder.path, "out");
    const said = judge("xorriso", "-abort_on", "WARNING", "-osirrox", "on:auto_chmod_on", "-indev", image, "-extract", "/", out);
    assert.doesNotMatch(said, /WARNING|FAILURE|FATAL/);
    // xorriso does not extract devices: the listing below shows them
    for (const entry of entries.filter(({ type }) => type === "file" || type === "symlink" || type === "directory")) {
      const path = join(out, entry.path);
      const there = await lstat(path);
      if (entry.type === "file") {
        assert.deepEqual(await readFile(path), await collect(entry.body), entry.path);
        assert.equal(there.mode & 0o7777, entry.mode, entry.path);
        assert.equal(there.mtimeMs / 1000, entry.mtime);
      }
      if (entry.type === "symlink") assert.equal(await readlink(path), entry.link);
    }
    assert.deepEqual(await readFile(join(out, "bin/linked")), noise(1_234_567));
    const listed = judge("xorriso", "-indev", image, "-find", "/", "-exec", "lsdl", "--");
    assert.match(listed, /-rw-r----- +1 1000 +100 +11 Sep 13 +2020 '\/etc\/passwd'/);
    assert.match(listed, /drwxr-x--- +1 7 +8 +0 Nov 14 +2023 '\/etc'/);
    assert.match(listed, /-rwsr-xr-x .*'\/bin\/setuid'/);
    // xorriso shows device numbers in its own packing; the kernel reads the two halves as major and minor
    assert.match(listed, /crw------- .*'\/dev\/console'/);
    assert.match(listed, /brw-rw---- .*'\/dev\/sda'/);
    assert.match(listed, /prw-r--r-- .*'\/dev\/pipe'/);
  });

  test("has El Torito images for BIOS and EFI, the loader's filled table, and the EFI image as a partition", async () => {
    await using folder = await scratch();
    const loader = noise(30_000);
    const entries = [
      { ...fileEntry("boot/efi.img", noise(1 << 20)), align: 512 << 10 },
      fileEntry("isolinux/isolinux.bin", loader),
      fileEntry("kernel", noise(5000)),
    ];
    const { disk, positions } = isoVolume(
      options(entries, {
        bios: "isolinux/isolinux.bin",
        efi: "boot/efi.img",
        hybrid: { code: Buffer.alloc(432, 0x90), signature: 0x12345678 },
      }),
    );
    const image = await folder.file("boot.iso", readDisk(disk));
    const said = judge("xorriso", "-indev", image, "-report_el_torito", "plain");
    assert.match(said, /El Torito boot img : +1 +BIOS +y +none +0x0000 +0x00 +4 /);
    assert.match(said, /El Torito boot img : +2 +UEFI +y +none +0x0000 +0x00 +2048 /);
    assert.match(said, /El Torito img opts : +1 .*boot-info-table/);
    assert.match(said, /El Torito img path : +2 +\/boot\/efi\.img/);
    assert.equal(present(positions.get("boot/efi.img")) % (512 << 10), 0);
    const start = present(positions.get("boot/efi.img")) / 512;
    assert.match(judge("sfdisk", "-d", image), new RegExp(`label-id: 0x12345678[^]*start= +${start}, size= +2048, type=ef, bootable`));
    assert.equal(
      judgeBytes("xorriso", "-osirrox", "on", "-indev", image, "-concat", "append", "-", "/isolinux/isolinux.bin", "--")
        .subarray(64)
        .equals(loader.subarray(64)),
      true,
    );
    assert.equal((await readFile(image)).readBigUInt64LE(432), BigInt(present(positions.get("isolinux/isolinux.bin")) / 512));
  });

  test("keeps a file's position while the file before it grows inside its reserve", () => {
    const place = (size: number) =>
      isoVolume(options([{ ...fileEntry("a", noise(size)), reserve: 1 << 20 }, fileEntry("b", "b")])).positions.get("b");
    assert.equal(place(10), place(1 << 20));
    assert.notEqual(place(10), place((1 << 20) + 1));
  });

  test("is the same each time", async () => {
    const bytes = () => collect(readDisk(isoVolume(options(trickyTree(LONGEST_ISO_NAME))).disk));
    assert.deepEqual(await bytes(), await bytes());
  });

  for (const length of [1, 246, 247, 248, 249, 3000]) {
    test(`puts the root of a link in one field with a part of the next name, of ${length} bytes`, () => {
      const fields = rockRidgeFields(symlinkEntry("a", `/${"r".repeat(length)}`), 1, "a");
      const first = present(fields.find((field) => field.toString("latin1", 0, 2) === "SL"));
      // signature, length, version and flags; the root with flag 8; the name
      assert.deepEqual([...first.subarray(5, 7)], [8, 0]);
      assert.equal(first.length, 5 + 2 + 2 + Math.min(length, 246));
    });
  }

  test("stores a file above 4 GiB in several extents", () => {
    const size = 5 * 2 ** 30;
    const { disk } = isoVolume(options([{ ...fileEntry("large", ""), size }]));
    assert.equal(present(disk.extents.at(-1)).length, size);
    const directory = present(disk.extents.find(({ offset }) => offset === 20 * 2048)).source as Buffer[];
    assert.equal(present(directory[0]).toString("latin1").split("LARGE.;1").length - 1, 2);
  });

  const refused: readonly { name: string; options: IsoOptions; code: string }[] = [
    { name: "a label in lower case", options: options([], { label: "linuxkit" }), code: "INVALID_DEFINITION" },
    { name: "a loader that is not an entry", options: options([], { bios: "isolinux.bin" }), code: "NOT_FOUND" },
    { name: "a path given twice", options: options([fileEntry("a", ""), fileEntry("a", "")]), code: "INVALID_DEFINITION" },
    { name: "a file below a file", options: options([fileEntry("a", ""), fileEntry("a/b", "")]), code: "INVALID_DEFINITION" },
    { name: "a file below a symlink", options: options([symlinkEntry("a", "b"), fileEntry("a/b", "")]), code: "INVALID_DEFINITION" },
    {
      name: "a hard link to a path that does not exist",
      options: options([{ ...fileEntry("a", ""), type: "hardlink", link: "b" }]),
      code: "INVALID_DEFINITION",
    },
    { name: "a name of 256 bytes", options: options([fileEntry("ü".repeat(128), "")]), code: "INVALID_DEFINITION" },
    { name: "a name of 254 bytes, which Linux would cut", options: options([fileEntry(`a/${"n".repeat(254)}`, "")]), code: "TOO_LARGE" },
    { name: "a directory whose name has 255 bytes", options: options([directoryEntry("n".repeat(255))]), code: "TOO_LARGE" },
    {
      name: "a hard link whose name has 254 bytes",
      options: options([fileEntry("a", ""), { ...fileEntry("ü".repeat(127), ""), type: "hardlink", link: "a" }]),
      code: "TOO_LARGE",
    },
    { name: "a path that leaves the tree", options: options([fileEntry("../a", "")]), code: "INVALID_DEFINITION" },
    {
      name: "an extended attribute",
      options: options([{ ...fileEntry("a", ""), xattrs: new Map([["security.capability", Buffer.of(1)]]) }]),
      code: "UNSUPPORTED",
    },
  ];
  for (const row of refused) test(`refuses ${row.name}`, () => assert.throws(() => isoVolume(row.options), { code: row.code }));
});
