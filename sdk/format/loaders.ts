import type { Arch } from "../core/arch.ts";
import { LinuxKitError } from "../core/errors.ts";

/**
 * The files of boot loaders, and the Debian package of each, which is locked, fetched and verified like any other. Only
 * these files are read from the packages, and none of them runs on the host.
 */
export const LOADER_FILES = {
  /** SYSLINUX's installer, which carries the loader: see `readSyslinux`. */
  syslinux: { package: "syslinux", path: "usr/bin/syslinux" },
  "mbr.bin": { package: "syslinux-common", path: "usr/lib/syslinux/mbr/mbr.bin" },
  "gptmbr.bin": { package: "syslinux-common", path: "usr/lib/syslinux/mbr/gptmbr.bin" },
  "ldlinux.c32": { package: "syslinux-common", path: "usr/lib/syslinux/modules/bios/ldlinux.c32" },
  "isolinux.bin": { package: "isolinux", path: "usr/lib/ISOLINUX/isolinux.bin" },
  "isohdpfx.bin": { package: "isolinux", path: "usr/lib/ISOLINUX/isohdpfx.bin" },
  "systemd-bootx64.efi": { package: "systemd-boot-efi", path: "usr/lib/systemd/boot/efi/systemd-bootx64.efi" },
  "linuxx64.efi.stub": { package: "systemd-boot-efi", path: "usr/lib/systemd/boot/efi/linuxx64.efi.stub" },
  "linuxaa64.efi.stub": { package: "systemd-boot-efi", path: "usr/lib/systemd/boot/efi/linuxaa64.efi.stub" },
} as const;

/** A file of a boot loader. */
export type LoaderFile = keyof typeof LOADER_FILES;

/**
 * The names of EFI's removable media program (UEFI 2.10 3.5.1.1) and of systemd's stub on an architecture.
 *
 * @throws UNSUPPORTED for an architecture without EFI
 */
export function efiNames(arch: Arch): { readonly program: "BOOTX64.EFI" | "BOOTAA64.EFI"; readonly stub: LoaderFile } {
  if (arch === "amd64") return { program: "BOOTX64.EFI", stub: "linuxx64.efi.stub" };
  if (arch === "arm64") return { program: "BOOTAA64.EFI", stub: "linuxaa64.efi.stub" };
  throw new LinuxKitError("UNSUPPORTED", `${arch} has no EFI: use kernel+initrd`, { what: arch });
}
