import type { Arch } from "../core/arch.ts";
import { biosDisk, efiDisk, hybridDisk } from "../disk/boot-disk.ts";
import type { Disk } from "../disk/extent.ts";
import type { Seed } from "../disk/identity.ts";
import { readSyslinux } from "../disk/syslinux.ts";
import { bootParts, efiProgram } from "./boot-parts.ts";
import { efiNames, type LoaderFile } from "./loaders.ts";
import type { Parts } from "./parts.ts";

/** How a disk starts: by a BIOS, by EFI, or by either. */
export type Layout = "bios" | "efi" | "hybrid";

const MIB = 1 << 20;

/** The layout for clouds and hypervisors, which use both firmwares on amd64. */
export function cloudLayout(arch: Arch): Layout {
  return arch === "amd64" ? "hybrid" : "efi";
}

/** The files of loaders that a layout needs. @throws UNSUPPORTED for EFI on an architecture without it */
export function layoutLoaders(layout: Layout, arch: Arch): LoaderFile[] {
  if (layout === "efi") return [efiNames(arch).stub];
  return layout === "bios" ? ["syslinux", "mbr.bin"] : ["syslinux", "gptmbr.bin", "systemd-bootx64.efi"];
}

/** The seed of a disk's identifiers. */
export function diskSeed({ identity, arch }: Parts, layout: string): Seed {
  return `linuxkit ${layout} ${arch} ${identity}`;
}

/**
 * Makes the disk of an OS.
 *
 * @param unit the size is a multiple of this many bytes @default 1 MiB
 * @throws TOO_LARGE when `diskMiB` is too small or the command line too long, INVALID_DEFINITION without a kernel
 */
export async function bootDisk(layout: Layout, parts: Parts, unit = MIB): Promise<Disk> {
  const make = await disksOf(layout, parts);
  const least = make();
  const wanted = (parts.diskMiB ?? 0) * MIB;
  // a wanted size that is too small is passed on, and fails with its own error
  const size = wanted > 0 && wanted < least.size ? wanted : Math.ceil(Math.max(least.size, wanted) / unit) * unit;
  return size === least.size ? least : make(size);
}

async function disksOf(layout: Layout, parts: Parts): Promise<(size?: number) => Disk> {
  const { cmdline, loader } = parts;
  const seed = diskSeed(parts, layout);
  const sized = (size?: number) => ({ seed, ...(size !== undefined && { size }) });
  if (layout === "efi") {
    const program = await efiProgram(parts);
    return (size) => efiDisk({ ...sized(size), loader: efiNames(parts.arch).program, program });
  }
  const common = { ...bootParts(parts), cmdline, syslinux: readSyslinux(loader("syslinux")) };
  if (layout === "bios") return (size) => biosDisk({ ...sized(size), ...common, code: loader("mbr.bin") });
  const systemdBoot = loader("systemd-bootx64.efi");
  return (size) =>
    hybridDisk({ ...sized(size), ...common, code: loader("gptmbr.bin"), systemdBoot: { size: systemdBoot.length, body: [systemdBoot] } });
}
