import { readFile } from "node:fs/promises";
import type { Artifact } from "../../sdk/builder/artifact.ts";
import { buildPlan } from "../../sdk/builder/build-plan.ts";
import type { BuildPlanOptions } from "../../sdk/builder/build-plan-options.ts";
import type { PlanSources } from "../../sdk/builder/sources.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { debian } from "../../sdk/debian/images.ts";
import type { LockedDeb } from "../../sdk/debian/locked.ts";
import type { FormatName } from "../../sdk/format/formats.ts";
import { planDigest } from "../../sdk/plan/plan.ts";
import { efiProgram } from "./efi-program.ts";
import { fakeSources, noiseEntry, planOf, segment, unpack } from "./fake-plan.ts";

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

const installer = await readFile("/usr/bin/syslinux");

const LOADERS = ["isolinux", "syslinux", "syslinux-common", "systemd-boot-efi"].map(deb);
const DEBIAN_KERNEL = debian.kernel().debian;

const KERNEL = efiProgram({ code: Buffer.alloc(5000, 0x90) });

/** Loaders, with stand-ins for the EFI ones, and a kernel that is or is not an EFI program. */
export function diskSources(kernel: Uint8Array = KERNEL): PlanSources & { readonly opened: readonly string[] } {
  const fake = fakeSources({ base: () => [noiseEntry("base", 200_000)] });
  return {
    ...fake,
    openFile: async (_, path) => [
      path.endsWith("/syslinux") ? installer : path.endsWith(".efi") || path.endsWith(".stub") ? efiProgram() : Buffer.alloc(440),
    ],
    openKernel: async () => ({ body: [kernel] }),
  };
}

export interface DiskPlanOptions extends Partial<BuildPlanOptions> {
  readonly cacheDir: string;
  readonly cmdline?: string;
  readonly kernel?: Uint8Array;
}

/** Builds an OS of 200 kB of noise, whose kernel is a stand-in EFI program, into a folder. */
export function buildDisk(
  format: FormatName | readonly FormatName[],
  outputDir: string,
  { cacheDir, cmdline = "console=ttyS0", kernel = KERNEL, ...more }: DiskPlanOptions,
): Promise<Artifact> {
  // a packed root is for Debian's kernel alone
  const own = [format].flat().includes("kernel+squashfs-initrd") && {
    kernel: { source: { debian: DEBIAN_KERNEL, packages: [] } },
  };
  const plan = { ...planOf(segment("base", unpack("base"))), ...own, cmdline };
  return buildPlan(
    { ...plan, digest: planDigest(plan) },
    { format, name: "os", outputDir, cacheDir, store: new BlobStore(cacheDir), sources: diskSources(kernel), loaders: LOADERS, ...more },
  );
}
