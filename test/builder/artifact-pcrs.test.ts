import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { buildPlan } from "../../sdk/builder/build-plan.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import type { Progress } from "../../sdk/core/progress.ts";
import type { LockedDeb } from "../../sdk/debian/locked.ts";
import { predictPcrs } from "../../sdk/disk/pcrs.ts";
import { signerOf } from "../../sdk/disk/signer.ts";
import type { FormatName } from "../../sdk/format/formats.ts";
import { planDigest } from "../../sdk/plan/plan.ts";
import { efiProgram } from "../support/efi-program.ts";
import { fakeSources, file, planOf, segment } from "../support/fake-plan.ts";
import { judgeBytes } from "../support/judge.ts";
import { makeKeyPair } from "../support/secure-boot-key.ts";

const deb = (name: string): LockedDeb => ({
  name,
  version: "1",
  architecture: "amd64",
  filename: `${name}.deb`,
  size: 1,
  sha256: "0".repeat(64),
  archive: "debian",
  keep: "all",
});
const LOADERS = ["syslinux", "syslinux-common", "systemd-boot-efi"].map(deb);
const KERNEL = efiProgram({ code: Buffer.alloc(5000, 0x90) });

describe("the predicted PCR values of a build", () => {
  let folder: string;
  let installer: Buffer;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "linuxkit-predict-"));
    installer = await readFile("/usr/bin/syslinux");
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const make = async (
    formats: readonly FormatName[],
    { page = "hello", cmdline = "console=ttyS0", name = "os", kernel = KERNEL, signed = false, diskMiB = 0 } = {},
  ) => {
    const plan = { ...planOf(segment("base", file("init", "#!/bin/sh")), segment("services.web", file("www/index.html", page))), cmdline };
    const progress: Progress[] = [];
    const cacheDir = await mkdtemp(join(folder, "cache-"));
    const built = await buildPlan(
      { ...plan, digest: planDigest(plan) },
      {
        format: formats,
        name,
        outputDir: join(cacheDir, "out"),
        cacheDir,
        store: new BlobStore(cacheDir),
        loaders: LOADERS,
        diskMiB,
        onProgress: (shown) => void progress.push(shown),
        sources: {
          ...fakeSources({}),
          openFile: async (_, path) => [
            path.endsWith("/syslinux") ? installer : /\.(efi|stub)$/.test(path) ? efiProgram() : Buffer.alloc(440),
          ],
          openKernel: async () => ({ body: [kernel] }),
        },
        ...(signed && { signer: signerOf(makeKeyPair()) }),
      },
    );
    return { ...built, progress };
  };

  test("are those of the EFI program on the disk, in every format that has it", async () => {
    const { pcrs, files } = await make(["raw-efi", "iso-efi-initrd", "kernel+initrd"]);
    const disk = files.find(({ name }) => name === "os-efi.img")?.path ?? "";
    assert.deepEqual(pcrs, await predictPcrs([judgeBytes("mtype", "-i", `${disk}@@1M`, "::/EFI/BOOT/BOOTX64.EFI")], false));
    assert.deepEqual((await make(["iso-efi-initrd"], { name: "other", diskMiB: 100 })).pcrs, pcrs);
  });

  test("change with a service or the command line", async () => {
    const { pcrs } = await make(["raw-efi"]);
    for (const more of [{ page: "hello there" }, { cmdline: "console=ttyS0 quiet" }]) {
      const other = (await make(["raw-efi"], more)).pcrs;
      for (const pcr of [4, 9, 11] as const) assert.notEqual(other?.[pcr], pcrs?.[pcr]);
    }
  });

  test("assume Secure Boot if the program is signed", async () => {
    const { pcrs, files } = await make(["raw-efi"], { signed: true });
    assert.deepEqual(pcrs, await predictPcrs([judgeBytes("mtype", "-i", `${files[0]?.path}@@1M`, "::/EFI/BOOT/BOOTX64.EFI")], true));
  });

  test("are undefined for formats with a boot loader or without an EFI program", async () => {
    for (const format of ["raw-hybrid", "iso-efi", "kernel+initrd", "tar"] as const)
      assert.equal((await make([format])).pcrs, undefined, format);
  });

  test("are undefined, with a lasting line, for a kernel that firmware may measure differently; the image is built", async () => {
    // its only section begins a kilobyte after its headers
    const kernel = Buffer.concat([KERNEL, Buffer.alloc(1024)]);
    kernel.writeUInt32LE(2048, 0x58 + 240 + 20);
    const { pcrs, files, progress } = await make(["raw-efi"], { kernel });
    assert.deepEqual([pcrs, files.length], [undefined, 1]);
    assert.ok(
      progress.some(({ message, lasting }) => lasting && /^cannot predict PCR values: kernel: section \.text begins at 2048/.test(message)),
    );
    assert.ok((await make(["raw-efi"], { kernel, signed: true })).pcrs, "firmware does not measure the kernel inside a signed program");
  });
});
