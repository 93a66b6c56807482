import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { buildPlan, type BuildPlanOptions } from "../../sdk/build/build-plan.ts";
import type { Sources } from "../../sdk/build/sources.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import type { LockedDeb } from "../../sdk/debian/locked.ts";
import type { FormatName } from "../../sdk/format/formats.ts";
import { planDigest } from "../../sdk/plan/plan.ts";
import { efiProgram } from "../support/efi-program.ts";
import { fakeSources, noiseEntry, planOf, segment, unpack } from "../support/fake-plan.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "linuxkit-refused-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const deb = (name: string): LockedDeb => ({ name, version: "1", architecture: "amd64", filename: `${name}.deb`, size: 1, sha256: "0".repeat(64), archive: "debian", keep: "all" });

const installer = await readFile("/usr/bin/syslinux");

/** Loaders, the EFI ones of our own making, and a kernel that is or is not an EFI program. */
function sources(kernel: Uint8Array): Sources {
  return {
    ...fakeSources({ base: () => [noiseEntry("base", 200_000)] }),
    openFile: async (_, path) => [path.endsWith("/syslinux") ? installer : path.endsWith(".efi") || path.endsWith(".stub") ? efiProgram() : Buffer.alloc(440)],
    openKernel: async () => ({ body: [kernel] }),
  };
}

const LOADERS = ["isolinux", "syslinux", "syslinux-common", "systemd-boot-efi"].map(deb);
const KERNEL = efiProgram({ code: Buffer.alloc(5000, 0x90) });

async function buildDisk(format: FormatName, outputDir: string, { cmdline = "console=ttyS0", kernel = KERNEL, ...more }: { readonly cmdline?: string; readonly kernel?: Uint8Array } & Partial<BuildPlanOptions> = {}) {
  const cacheDir = await mkdtemp(join(folder, "cache-"));
  const plan = { ...planOf(segment("base", unpack("base"))), cmdline };
  return buildPlan({ ...plan, digest: planDigest(plan) }, { format, name: "os", outputDir, cacheDir, store: new BlobStore(cacheDir), sources: sources(kernel), loaders: LOADERS, ...more });
}

const BOOTABLE: readonly FormatName[] = ["raw-bios", "raw-efi", "raw-hybrid", "qcow2-bios", "qcow2-efi", "iso-bios", "iso-efi", "iso-efi-initrd", "vhd", "dynamic-vhd", "vmdk", "aws", "gcp"];
const DISKS = BOOTABLE.filter((format) => !format.startsWith("iso"));
const WITH_EFI = BOOTABLE.filter((format) => !format.endsWith("-bios"));

describe("what cannot be written is refused by a code, and leaves no file", () => {
  const abort = new AbortController();
  abort.abort();
  const rows = [
    { name: "a disk too small", formats: DISKS, options: { diskMiB: 1 }, code: "TOO_LARGE", message: /the disk has 1048576: give it at least \d+ MiB/ },
    { name: "a command line too long", formats: BOOTABLE, options: { cmdline: "x".repeat(2048) }, code: "TOO_LARGE", message: /20[46]\d bytes, the kernel takes at most 2047/ },
    { name: "a command line that is not ASCII", formats: BOOTABLE, options: { cmdline: "motd=grüezi" }, code: "INVALID_DEFINITION", message: /wanted printable ASCII only/ },
    { name: "a kernel without an EFI stub", formats: WITH_EFI, options: { kernel: Buffer.alloc(9000, 1) }, code: "CORRUPT", message: /kernel: not an EFI program/ },
    { name: "a kernel for another machine", formats: WITH_EFI, options: { kernel: efiProgram({ machine: 0xaa64 }) }, code: "CORRUPT", message: /built for machine 0xaa64/ },
    { name: "loaders that no lock has", formats: BOOTABLE, options: { loaders: [] }, code: "NOT_FOUND", message: /the lock has no package/ },
    { name: "a build that is cancelled", formats: BOOTABLE, options: { signal: abort.signal }, code: "CANCELLED", message: /cancelled/ },
  ] as const;
  for (const { name, formats, options, code, message } of rows) {
    for (const format of formats) {
      test(`${format}: ${name}`, async () => {
        const outputDir = await mkdtemp(join(folder, "out-"));
        await assert.rejects(buildDisk(format, outputDir, options), { code, message });
        assert.deepEqual(await readdir(outputDir), []);
      });
    }
  }

  for (const format of BOOTABLE) {
    test(`${format}: a folder that is a file`, async () => {
      const outputDir = join(folder, `file-${format}`);
      await writeFile(outputDir, "");
      await assert.rejects(buildDisk(format, outputDir), { code: "UNWRITABLE" });
    });
  }
});

test("a disk is as large as it was asked to be, or as its cloud wants it", async () => {
  const outputDir = await mkdtemp(join(folder, "out-"));
  const sizes = await Promise.all((["raw-efi", "raw-bios", "raw-hybrid", "aws"] as const).map(async (format) => (await buildDisk(format, outputDir, { diskMiB: 100 })).files[0]?.size));
  assert.deepEqual(sizes, [100 << 20, 100 << 20, 100 << 20, 1 << 30]);
});
