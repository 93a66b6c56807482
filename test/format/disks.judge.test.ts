import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { collect } from "../../sdk/core/bytes.ts";
import { fileBytes } from "../../sdk/core/file-bytes.ts";
import { present } from "../../sdk/core/present.ts";
import type { FormatName } from "../../sdk/index.ts";
import { BLOCK_BYTES } from "../../sdk/upload/block-map.ts";
import { buildDisks, diskOs } from "../support/disk-os.ts";
import { judge, judgeBytes, scratch } from "../support/judge.ts";

const MIB = 1 << 20;
const FORMATS: readonly FormatName[] = [
  "raw-bios",
  "raw-efi",
  "raw-hybrid",
  "qcow2-bios",
  "qcow2-efi",
  "iso-bios",
  "iso-efi",
  "iso-efi-initrd",
  "vhd",
  "vmdk",
  "aws",
  "gcp",
  "kernel+erofs",
  "kernel+squashfs",
  "kernel+squashfs-initrd",
];

describe("what one build writes", () => {
  let folder: Awaited<ReturnType<typeof scratch>>;
  let built: Awaited<ReturnType<typeof buildDisks>>;
  let dynamic: Awaited<ReturnType<typeof buildDisks>>;
  before(async () => {
    folder = await scratch();
    built = await buildDisks(diskOs("one"), { formats: FORMATS });
    dynamic = await buildDisks(diskOs("one"), { format: "dynamic-vhd", lock: built.lock });
  });
  after(() => folder[Symbol.asyncDispose]());

  for (const [suffix, paths] of [
    ["-efi.img", ["EFI/BOOT/BOOTX64.EFI"]],
    ["-hybrid.img", ["EFI/BOOT/BOOTX64.EFI", "ldlinux.sys", "kernel", "loader/entries/linuxkit.conf"]],
    [".raw", ["EFI/BOOT/BOOTX64.EFI", "ldlinux.sys"]],
    ["-bios.img", ["ldlinux.sys", "syslinux.cfg", "kernel", "initrd.000"]],
  ] as const) {
    test(`NAME${suffix} has a valid partition table and FAT volume`, async () => {
      const disk = built.path(suffix);
      if (suffix === "-bios.img") assert.match(judge("sfdisk", "-d", disk), /start= +2048,.*bootable/);
      else assert.match(judge("sgdisk", "-v", disk), /No problems found/);
      const boot = await collect(fileBytes(disk, { start: MIB, length: 512 }));
      const length = 512 * (boot.readUInt16LE(19) || boot.readUInt32LE(32));
      const volume = await folder.file(`volume${suffix}`, fileBytes(disk, { start: MIB, length }));
      judge("fsck.vfat", "-n", volume);
      const listed = judge("mdir", "-/", "-b", "-i", volume, "::");
      for (const path of paths) assert.ok(listed.includes(`::/${path}\n`), path);
    });
  }

  test("has the same bytes under another name", async () => {
    const renamed = await buildDisks(diskOs("one"), { formats: FORMATS, lock: built.lock, name: "renamed" });
    const bytes = ({ files }: typeof built) => files.map(({ role, size, sha256 }) => [role, size, sha256]);
    assert.deepEqual(bytes(renamed), bytes(built));
    assert.equal(renamed.digest, built.digest);
  });

  test("the EFI program has the sections of a unified kernel image", async () => {
    const program = await folder.file("os.efi", [judgeBytes("mtype", "-i", `${built.path("-efi.img")}@@1M`, "::/EFI/BOOT/BOOTX64.EFI")]);
    const sections = judge("objdump", "-h", program);
    for (const name of [".osrel", ".cmdline", ".linux", ".initrd"]) assert.match(sections, new RegExp(`\\${name} `));
  });

  // each container of a disk holds the same disk as the raw format of its layout
  for (const [suffix, format, raw] of [
    [".qcow2", "qcow2", "-bios.img"],
    ["-efi.qcow2", "qcow2", "-efi.img"],
    [".vhd", "vpc", "-hybrid.img"],
    [".vmdk", "vmdk", "-hybrid.img"],
  ] as const) {
    test(`NAME${suffix} is, to qemu-img, NAME${raw}`, () => {
      if (format !== "vpc") assert.match(judge("qemu-img", "check", "-f", format, built.path(suffix)), /No errors were found/);
      assert.match(judge("qemu-img", "compare", "-f", format, "-F", "raw", built.path(suffix), built.path(raw)), /Images are identical/);
    });
  }

  test("a dynamic VHD is, to qemu-img, the same disk", () =>
    assert.match(
      judge("qemu-img", "compare", "-f", "vpc", "-F", "raw", dynamic.path(".vhd"), built.path("-hybrid.img")),
      /Images are identical/,
    ));

  test("the archive for Compute Engine holds the disk for EBS as disk.raw", () => {
    judge("tar", "-xf", built.path(".img.tar.gz"), "-C", folder.path);
    assert.match(
      judge("qemu-img", "compare", "-f", "raw", "-F", "raw", join(folder.path, "disk.raw"), built.path(".raw")),
      /Images are identical/,
    );
  });

  for (const [suffix, boots] of [
    [".iso", /El Torito boot img :\s+1\s+BIOS/],
    ["-efi.iso", /El Torito boot img :\s+1\s+UEFI/],
    ["-efi-initrd.iso", /El Torito boot img :\s+1\s+UEFI/],
  ] as const) {
    test(`NAME${suffix} is a bootable CD to xorriso`, () => {
      const said = judge("xorriso", "-indev", built.path(suffix), "-report_el_torito", "plain", "-report_system_area", "plain");
      assert.match(said, boots);
      assert.match(said, /System area summary: MBR/);
      assert.doesNotMatch(said, /FAILURE|WARNING/);
    });
  }

  test("the root images hold the root without the files that only loaders read", () => {
    const want = ["etc/hosts", "containers/services/web/config.json"];
    const squashed = judge("unsquashfs", "-l", built.path("-squashfs.img"));
    for (const path of want) assert.match(squashed, new RegExp(`^squashfs-root/${path}$`, "m"));
    judge("fsck.erofs", built.path("-erofs.img"));
    for (const path of want) assert.match(judge("dump.erofs", `--path=/${path}`, built.path("-erofs.img")), /Size: \d+/);
    assert.doesNotMatch(squashed, /squashfs-root\/boot\/kernel/);
    for (const suffix of [".iso", "-efi.iso"]) {
      for (const path of want)
        assert.match(
          judge("xorriso", "-indev", built.path(suffix), "-find", `/${path}`, "-exec", "lsdl"),
          new RegExp(`^-rw-r--r-- .* '/${path}'$`, "m"),
        );
    }
  });

  test("the packed root is, in the initrd that carries it, the same tree as beside an initrd", async () => {
    const initrd = await readFile(built.path("-squashfs-initrd.img"));
    const carried = initrd.lastIndexOf("070701", initrd.indexOf("root.squashfs\0"));
    const archive = await folder.file("carried.cpio", [initrd.subarray(carried)]);
    judge("sh", "-c", 'cd "$1" && cpio -id --quiet --no-absolute-filenames <"$2"', "sh", folder.path, archive);
    const listed = (image: string): string => judge("unsquashfs", "-lln", "-d", "", image);
    assert.equal(listed(join(folder.path, "root.squashfs")), listed(built.path("-squashfs.img")));
    assert.match(await readFile(join(folder.path, "etc/root"), "latin1"), /^squashfs [0-9a-f]{8}\n$/);
  });

  test("the lock holds the loaders, and a build with it is offline and writes the same bytes", async () => {
    assert.deepEqual(Object.keys(built.lock.loaders ?? {}), ["isolinux", "syslinux", "syslinux-common", "systemd-boot-efi"]);
    const nowhere = "http://127.0.0.1:9/debian";
    const again = await buildDisks(diskOs("one"), {
      formats: FORMATS,
      lock: built.lock,
      debianMirror: nowhere,
      debianSecurityMirror: nowhere,
    });
    assert.deepEqual(
      again.files.map(({ name, sha256 }) => [name, sha256]),
      built.files.map(({ name, sha256 }) => [name, sha256]),
    );
    assert.equal(again.digest, built.digest);
  });

  test("the plan's digest does not depend on the format", () => assert.equal(dynamic.planDigest, built.planDigest));

  for (const [suffix, format] of [
    ["-bios.img", "raw-bios"],
    ["-efi.img", "raw-efi"],
    ["-hybrid.img", "raw-hybrid"],
  ] as const) {
    test(`a changed line of a service changes its blocks in NAME${suffix} and at most 1 MiB`, async () => {
      const changed = await buildDisks(diskOs("two, with a line\nmore"), { format, lock: built.lock });
      const sizeIn = (segments: typeof built.segments) => present(segments.find(({ name }) => name === "services.web")).size;
      const size = sizeIn(changed.segments);
      assert.notEqual(size, sizeIn(built.segments));
      const blocks = await differingBlocks(built.path(suffix), changed.path(suffix));
      assert.ok(blocks >= 1 && blocks <= Math.ceil(size / BLOCK_BYTES) + MIB / BLOCK_BYTES, `${blocks} blocks`);
    });

    test(`a service that outgrows its slot changes NAME${suffix} from its own blocks on`, async () => {
      const changed = await buildDisks(diskOs("one", { bytes: 2_000_000 }), { format, lock: built.lock });
      const [before, after] = [await readFile(built.path(suffix)), await readFile(changed.path(suffix))];
      const service = changed.segments.findIndex(({ name }) => name === "services.web");
      const { size } = present(changed.segments[service]);
      const moved = changed.segments.slice(service + 1).reduce((sum, { size }) => sum + size, 0);
      // new are the service, what lies after it where it is in other blocks than before, and the tables
      const known = new Set(blocksOf(before));
      const fresh = blocksOf(after).filter((block) => !known.has(block)).length;
      assert.ok(fresh <= Math.ceil(size / BLOCK_BYTES) + Math.ceil(moved / BLOCK_BYTES) + 4, `${fresh} blocks`);
    });
  }
});

function blocksOf(image: Buffer): string[] {
  return Array.from({ length: Math.ceil(image.length / BLOCK_BYTES) }, (_, index) =>
    image.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES).toString("latin1"),
  );
}

/** Blocks of 512 KiB that differ between two files of one length, zeroes included. */
async function differingBlocks(one: string, other: string): Promise<number> {
  const [before, after] = [blocksOf(await readFile(one)), blocksOf(await readFile(other))];
  assert.equal(before.length, after.length);
  return before.filter((block, index) => block !== after[index]).length;
}
