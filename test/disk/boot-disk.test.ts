import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { collect } from "../../sdk/core/bytes.ts";
import { present } from "../../sdk/core/present.ts";
import { biosDisk, efiDisk, hybridDisk, type HybridDisk } from "../../sdk/disk/boot-disk.ts";
import { type Disk, readDisk } from "../../sdk/disk/extent.ts";
import { slotBytes, slotted } from "../../sdk/disk/slot.ts";
import { readSyslinux } from "../../sdk/disk/syslinux.ts";
import { unifiedKernelImage } from "../../sdk/disk/uki.ts";
import { BLOCK_BYTES } from "../../sdk/upload/block-map.ts";
import { blockMap } from "../support/block-map.ts";
import { noise } from "../support/disks.ts";
import { efiProgram } from "../support/efi-program.ts";
import { judge, judgeBytes, scratch } from "../support/judge.ts";

const MIB = 1 << 20;
const sized = (bytes: Uint8Array) => ({ size: bytes.length, body: [bytes] });
const kernel = efiProgram({ code: noise(3_000_000) });
const syslinux = readSyslinux(await readFile("/usr/bin/syslinux"));
// three segments, a service in the middle
const segmentsOf = (service: Uint8Array) => [sized(noise(2_000_000, "base")), sized(service), sized(noise(900_000, "config"))];
const hybrid = (service: Uint8Array, more: Partial<HybridDisk> = {}): HybridDisk => ({
  seed: "sha256:00",
  kernel: sized(kernel),
  segments: segmentsOf(service),
  cmdline: "console=ttyS0",
  syslinux,
  code: Buffer.alloc(440, 0x90),
  systemdBoot: sized(efiProgram({ code: noise(100_000) })),
  ...more,
});
const LAYOUTS: Record<string, (service: Uint8Array, more?: Partial<HybridDisk>) => Disk> = {
  bios: (service, more) => biosDisk(hybrid(service, more)),
  hybrid: (service, more) => hybridDisk(hybrid(service, more)),
  efi: (service, more) =>
    efiDisk({
      seed: "sha256:00",
      loader: "BOOTX64.EFI",
      program: unifiedKernelImage({
        stub: efiProgram(),
        kernel: sized(kernel),
        initrd: slotted(segmentsOf(service)),
        cmdline: "console=ttyS0",
        align: BLOCK_BYTES,
      }),
      ...more,
    }),
};

for (const [name, layout] of Object.entries(LAYOUTS)) {
  describe(`the ${name} layout`, () => {
    for (const fat of [16, 32] as const) {
      test(`holds a valid FAT${fat} volume with the files that its loaders read`, async () => {
        await using folder = await scratch();
        const image = await collect(readDisk(layout(noise(700_000, "v1"), { fat })));
        const disk = await folder.file("disk", [image]);
        if (name === "bios") assert.match(judge("sfdisk", "-d", disk), fat === 16 ? /type=e, bootable/ : /type=c, bootable/);
        else assert.match(judge("sgdisk", "-v", disk), /No problems found/);
        const volume = await folder.file("volume", [image.subarray(MIB, name === "bios" ? image.length : image.length - MIB)]);
        judge("fsck.vfat", "-n", volume);
        const listed = judge("mdir", "-/", "-b", "-i", volume, "::");
        const wanted = present(
          {
            bios: ["ldlinux.sys", "syslinux.cfg", "initrd.002"],
            hybrid: ["ldlinux.sys", "EFI/BOOT/BOOTX64.EFI", "loader/entries/linuxkit.conf", "initrd.002"],
            efi: ["EFI/BOOT/BOOTX64.EFI"],
          }[name],
        );
        for (const path of wanted) assert.ok(listed.includes(`::/${path}\n`), path);
        if (name !== "efi") assert.deepEqual(judgeBytes("mtype", "-i", volume, "::/initrd.001"), noise(700_000, "v1"));
      });
    }

    test("changes by a service's blocks and at most 1 MiB, if the service still fits its slot", async () => {
      const [before, after] = [
        await collect(readDisk(layout(noise(700_000, "v1")))),
        await collect(readDisk(layout(noise(705_000, "v2")))),
      ];
      assert.equal(before.length, after.length);
      let changed = 0;
      for (let at = 0; at < before.length; at += BLOCK_BYTES)
        if (!before.subarray(at, at + BLOCK_BYTES).equals(after.subarray(at, at + BLOCK_BYTES))) changed++;
      assert.ok(changed <= Math.ceil(705_000 / BLOCK_BYTES) + 2, `${changed} blocks`);
    });

    test("grows by no more than the slots, if a service outgrows its slot", async () => {
      const before = await blockMap(readDisk(layout(noise(700_000, "v1"))));
      const after = layout(noise(2_500_000, "v1"));
      const known = new Set(before.map(({ digest }) => digest));
      const fresh = (await blockMap(readDisk(after))).filter(({ digest }) => !known.has(digest));
      // moved blocks are recognised by their content
      assert.ok(fresh.length <= Math.ceil(2_500_000 / BLOCK_BYTES) + 4, `${fresh.length} blocks`);
    });

    test("fills a disk of the given size, and refuses one that is too small", () => {
      assert.equal(layout(noise(10), { size: 2 ** 30 }).size, 2 ** 30);
      assert.throws(() => layout(noise(10), { size: 5 * MIB }), { code: "TOO_LARGE" });
    });
  });
}

test("a slot is a segment's size and an eighth, rounded up to 512 KiB", () => {
  assert.deepEqual(
    [1, 466_033, 466_034, 1 << 20, 10 << 20].map((size) => slotBytes(size) / BLOCK_BYTES),
    [1, 1, 2, 3, 23],
  );
});

test("every layout refuses a command line that is too long for a kernel", () => {
  for (const layout of [biosDisk, hybridDisk])
    assert.throws(() => layout(hybrid(noise(10), { cmdline: "x".repeat(2048) })), { code: "TOO_LARGE" });
});
