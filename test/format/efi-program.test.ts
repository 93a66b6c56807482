import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { signerOf } from "../../sdk/disk/signer.ts";
import type { FormatName } from "../../sdk/format/formats.ts";
import { buildDisk } from "../support/disk-plan.ts";
import { judge, judgeBytes, scratch } from "../support/judge.ts";
import { makeKeyPair } from "../support/secure-boot-key.ts";

/** The volume with the EFI program out of a file of a format. */
const VOLUMES: Readonly<Record<string, (file: string, to: string) => void>> = {
  "raw-efi": (file, to) => judge("dd", `if=${file}`, `of=${to}`, "bs=1M", "skip=1", "status=none"),
  "qcow2-efi": (file, to) => {
    judge("qemu-img", "convert", "-f", "qcow2", "-O", "raw", file, `${to}.raw`);
    judge("dd", `if=${to}.raw`, `of=${to}`, "bs=1M", "skip=1", "status=none");
  },
  "iso-efi": (file, to) => judge("xorriso", "-osirrox", "on", "-indev", file, "-extract", "/boot/efi.img", to),
  "iso-efi-initrd": (file, to) => judge("xorriso", "-osirrox", "on", "-indev", file, "-extract", "/boot/efi.img", to),
};

describe("the EFI program that is inside", () => {
  let folder: Awaited<ReturnType<typeof scratch>>;
  let certificate: string;
  let signer: ReturnType<typeof signerOf>;
  before(async () => {
    folder = await scratch();
    const pair = makeKeyPair();
    certificate = await folder.file("certificate.pem", [Buffer.from(pair.certificate)]);
    signer = signerOf(pair);
  });
  after(() => folder[Symbol.asyncDispose]());

  /** The program as mtools gives it, out of a volume that fsck.vfat finds no fault with. */
  async function programOf(format: FormatName, signed: boolean): Promise<string> {
    const outputDir = join(folder.path, `${format}${signed ? "-signed" : ""}`);
    await mkdir(outputDir);
    const { files } = await buildDisk(format, outputDir, { cacheDir: join(folder.path, "cache"), ...(signed && { signer }) });
    const volume = join(outputDir, "volume");
    VOLUMES[format]?.(files.at(-1)?.path ?? "", volume);
    judge("fsck.vfat", "-n", volume);
    assert.match(judge("mdir", "-/", "-b", "-i", volume, "::"), /^::\/EFI\/BOOT\/BOOTX64\.EFI$/m);
    return folder.file(`${format}-${signed}.efi`, [judgeBytes("mtype", "-i", volume, "::/EFI/BOOT/BOOTX64.EFI")]);
  }

  for (const format of Object.keys(VOLUMES) as FormatName[]) {
    test(`${format} is a unified kernel image to objdump`, async () => {
      const sections = judge("objdump", "-h", await programOf(format, false));
      // the kernel of these tests is not Debian's, and mounts a CD itself
      for (const name of [".osrel", ".cmdline", ".linux", ...(format === "iso-efi" ? [] : [".initrd"])])
        assert.match(sections, new RegExp(`\\${name} `));
    });
  }

  for (const format of ["raw-efi", "qcow2-efi", "iso-efi-initrd"] as const) {
    test(`${format} is signed, to sbverify`, async () =>
      assert.match(judge("sbverify", "--cert", certificate, await programOf(format, true)), /Signature verification OK/));
  }
});
