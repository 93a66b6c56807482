import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { directoryEntry, fileEntry, symlinkEntry } from "../../sdk/archive/entry.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { present } from "../../sdk/core/present.ts";
import { readDisk } from "../../sdk/disk/extent.ts";
import { type FatOptions, fatVolume } from "../../sdk/disk/fat.ts";
import { shortNames } from "../../sdk/disk/fat-name.ts";
import type { FatEntry } from "../../sdk/disk/fat-tree.ts";
import { judge, judgeBytes, scratch } from "../support/judge.ts";

const MIB = 1 << 20;
const noise = (size: number, salt = ""): Buffer => {
  const block = createHash("sha512").update(`${size}${salt}`).digest();
  return Buffer.alloc(
    size,
    Buffer.concat(Array.from({ length: 997 }, (_, index) => createHash("sha512").update(block).update(String(index)).digest())),
  );
};
const esp: FatEntry[] = [
  fileEntry("EFI/BOOT/BOOTX64.EFI", noise(300_000)),
  fileEntry("EFI/Linux/pulumi-linuxkit 1.efi", noise(70_001)),
  directoryEntry("loader/entries"),
  { ...fileEntry("loader/loader.conf", "timeout 0\n"), mtime: 1_700_000_000 },
  fileEntry("empty", ""),
  fileEntry("Ünïcode – ☃ 🚀.txt", "snow"),
];

const volumes: readonly { name: string; options: Omit<FatOptions, "serial">; says: RegExp }[] = [
  { name: "nothing", options: { entries: [] }, says: /2 FATs, 16 bit/ },
  { name: "an ESP, sized to its content", options: { entries: esp, label: "ESP" }, says: /2 FATs, 16 bit/ },
  { name: "an ESP as FAT32", options: { entries: esp, label: "ESP", type: 32 }, says: /2 FATs, 32 bit/ },
  { name: "64 MiB", options: { entries: esp, size: 64 * MIB, start: MIB }, says: /2 FATs, 32 bit/ },
  { name: "64 MiB as FAT16", options: { entries: esp, size: 64 * MIB, type: 16 }, says: /2 FATs, 16 bit/ },
  {
    name: "clusters of 32 KiB",
    options: { entries: esp, size: 200 * MIB, type: 16, clusterSize: 32768 },
    says: /32768 bytes per cluster\n/,
  },
  {
    name: "300 files in the root and 300 below",
    options: {
      entries: Array.from({ length: 600 }, (_, index) =>
        fileEntry(`${index % 2 ? "deep/er/" : ""}a rather long name, number ${index}`, `${index}`),
      ),
    },
    says: /2 FATs, 16 bit/,
  },
  { name: "a file of 40 MB", options: { entries: [fileEntry("kernel", noise(40_000_000))] }, says: /2 FATs, 32 bit/ },
];

describe("a FAT volume of", () => {
  for (const { name, options, says } of volumes) {
    test(`${name} passes fsck.vfat and is read back by mtools`, async () => {
      await using folder = await scratch();
      const { disk, geometry } = fatVolume({ ...options, serial: 0x1234abcd });
      const file = await folder.file("volume", readDisk(disk));
      const said = judge("fsck.vfat", "-n", "-v", file);
      assert.match(said, says);
      assert.doesNotMatch(said, /differ|wrong|bad |dirty|invalid|orphan|reclaimed/i);
      assert.match(judge("minfo", "-i", file, "::"), /serial number: 1234ABCD/i);
      assert.ok(geometry.type === 16 ? geometry.clusters >= 4085 && geometry.clusters < 65525 : geometry.clusters >= 65525);
      for (const entry of options.entries.filter(({ type, path }) => type === "file" && /^[ -~]*$/.test(path)).slice(0, 8)) {
        assert.deepEqual(judgeBytes("mtype", "-i", file, `::${entry.path}`), await collect(entry.body));
      }
    });
  }

  test("an ESP lists its names, label and times", async () => {
    await using folder = await scratch();
    const file = await folder.file("volume", readDisk(fatVolume({ entries: esp, serial: 7, label: "ESP" }).disk));
    const root = judge("mdir", "-i", file, "-a", "::");
    assert.match(root, /Volume in drive : is ESP/);
    assert.match(root, /EFI +<DIR> +1980-01-01 +0:00/);
    assert.match(judge("mdir", "-i", file, "::loader"), /LOADER~1 CON +10 2023-11-14 +22:13 +loader\.conf/);
    assert.match(judge("mdir", "-i", file, "::EFI/Linux"), /PULUMI~1 EFI +70001 .* pulumi-linuxkit 1\.efi/);
  });

  test("aligned files begin at their alignment and stay there while a file before them grows inside its reserve", () => {
    const volume = (size: number) => {
      const kernel = { ...fileEntry("kernel", noise(size)), align: 512 << 10, reserve: MIB };
      return fatVolume({ entries: [fileEntry("a", "a"), kernel, { ...fileEntry("initrd", noise(2 * MIB)), align: 512 << 10 }], serial: 1 })
        .positions;
    };
    const before = volume(100_000);
    assert.equal(present(before.get("kernel")) % (512 << 10), 0);
    assert.equal(present(before.get("initrd")), present(before.get("kernel")) + MIB);
    assert.deepEqual(volume(1_000_000), before);
    assert.equal(present(volume(MIB + 1).get("initrd")), present(before.get("kernel")) + MIB + (512 << 10));
  });

  test("the same entries give the same bytes, and `free` bytes stay free", async () => {
    const bytes = async (more: Partial<FatOptions> = {}) =>
      collect(readDisk(fatVolume({ entries: esp, serial: 3, ...more }).disk), 128 * MIB);
    assert.deepEqual(await bytes(), await bytes());
    assert.notDeepEqual(await bytes(), await bytes({ serial: 4 }));
    assert.ok((await bytes({ free: 20 * MIB })).length >= 20 * MIB);
  });

  for (const path of [
    "a:b",
    "con?",
    "tab\there",
    "trailing.",
    "trailing ",
    "a//b",
    "../up",
    "x".repeat(256),
    "lone\ud800",
    'quo"te',
    "back\\slash",
  ]) {
    test(`refuses the name ${JSON.stringify(path).slice(0, 20)}`, () =>
      assert.throws(() => fatVolume({ entries: [fileEntry(path, "")], serial: 1 }), { code: "INVALID_DEFINITION", detail: { path } }));
  }

  const refused: readonly { name: string; options: Omit<FatOptions, "serial">; code: string }[] = [
    { name: "a symlink", options: { entries: [symlinkEntry("a", "b")] }, code: "INVALID_DEFINITION" },
    { name: "two names that differ in case", options: { entries: [fileEntry("a", ""), fileEntry("A", "")] }, code: "INVALID_DEFINITION" },
    { name: "one file twice", options: { entries: [fileEntry("a", ""), fileEntry("a", "")] }, code: "INVALID_DEFINITION" },
    { name: "a file where a directory is", options: { entries: [fileEntry("a/b", ""), fileEntry("a", "")] }, code: "INVALID_DEFINITION" },
    { name: "a directory where a file is", options: { entries: [fileEntry("a", ""), fileEntry("a/b", "")] }, code: "INVALID_DEFINITION" },
    { name: "a label in lower case", options: { entries: [], label: "esp" }, code: "INVALID_DEFINITION" },
    { name: "a file of 4 GiB", options: { entries: [{ ...fileEntry("a", ""), size: 2 ** 32 }] }, code: "TOO_LARGE" },
    { name: "a volume too small for its content", options: { entries: esp, size: 3 * MIB, free: 4 * MIB }, code: "TOO_LARGE" },
    { name: "a volume too small to be FAT16", options: { entries: [], size: 2 * MIB }, code: "TOO_LARGE" },
    { name: "FAT32 of 20 MiB", options: { entries: [], size: 20 * MIB, type: 32 }, code: "TOO_LARGE" },
    { name: "a size between sectors", options: { entries: [], size: 20 * MIB + 1 }, code: "TOO_LARGE" },
  ];
  for (const row of refused)
    test(`refuses ${row.name}`, () => assert.throws(() => fatVolume({ ...row.options, serial: 1 }), { code: row.code }));
});

test("short names are unique, and differ from the long names of other entries", () => {
  const aliases = shortNames(["long name.text", "long name2.text", "LONGNA~1.TEX", "ldlinux.sys", ".hidden", "KERNEL", "ÿ"]).map(
    ({ bytes }) => bytes.toString("latin1"),
  );
  assert.deepEqual(aliases, ["LONGNA~2TEX", "LONGNA~3TEX", "LONGNA~1TEX", "LDLINU~1SYS", "HIDDEN~1   ", "KERNEL     ", "_~1        "]);
});
