import { fileEntry } from "../archive/entry.ts";
import { readDisk } from "../disk/extent.ts";
import { fatVolume } from "../disk/fat.ts";
import { serialFrom } from "../disk/identity.ts";
import { type IsoEntry, isoVolume } from "../disk/iso9660.ts";
import { SLOT_BYTES, slotBytes } from "../disk/slot.ts";
import { syslinuxConfig } from "../disk/syslinux.ts";
import { checkCmdline, type Sized } from "../disk/uki.ts";
import { bootParts, efiProgram } from "./boot-parts.ts";
import { diskSeed } from "./disk-layout.ts";
import { efiNames } from "./loaders.ts";
import type { FormatWriter, Parts } from "./parts.ts";

const LABEL = "LINUXKIT";

/** `iso-bios`: a CD that ISOLINUX starts, and a disk for the BIOS all the same. Kernel and initrd are files on it. */
export const isoBios: FormatWriter = {
  needs: "initrd",
  suffixes: [".iso"],
  arches: ["amd64"],
  instead: "iso-efi on arm64, kernel+initrd on s390x",
  loaders: () => ["isolinux.bin", "ldlinux.c32", "isohdpfx.bin"],
  wholeProgram: () => false,
  files: (parts) => [{ role: "image", suffix: ".iso", open: () => writeBios(parts) }],
};

/** `iso-efi`: a CD that EFI starts, and a disk all the same. Kernel and initrd are one program in its EFI image. */
export const isoEfi = efiIso("-efi.iso");

/** `iso-efi-initrd`: the same as {@link isoEfi}, by the name and the file that LinuxKit has for a CD whose root is an initrd. */
export const isoEfiInitrd = efiIso("-efi-initrd.iso");

function efiIso(suffix: string): FormatWriter {
  return {
    needs: "initrd",
    suffixes: [suffix],
    arches: ["amd64", "arm64"],
    instead: "kernel+initrd",
    loaders: (arch) => [efiNames(arch).stub],
    wholeProgram: () => true,
    files: (parts) => [{ role: "image", suffix, open: () => writeEfi(parts) }],
  };
}

async function* writeBios(parts: Parts): AsyncGenerator<Uint8Array> {
  const { cmdline, loader } = parts;
  checkCmdline(cmdline);
  const { kernel, segments } = bootParts(parts);
  const initrds = segments.map((_, index) => `initrd.${String(index).padStart(3, "0")}`);
  const { disk } = isoVolume({
    label: LABEL,
    bios: "isolinux/isolinux.bin",
    hybrid: { code: loader("isohdpfx.bin"), signature: serialFrom(diskSeed(parts, "iso-bios"), "disk") },
    entries: [
      fileEntry("isolinux/isolinux.bin", loader("isolinux.bin")),
      fileEntry("isolinux/ldlinux.c32", loader("ldlinux.c32")),
      fileEntry("isolinux/isolinux.cfg", syslinuxConfig({ kernel: "kernel", initrds, cmdline })),
      placed("kernel", kernel),
      ...segments.map((segment, index) => placed(initrds[index] as string, segment)),
    ],
  });
  yield* readDisk(disk);
}

async function* writeEfi(parts: Parts): AsyncGenerator<Uint8Array> {
  const program = await efiProgram(parts);
  const seed = diskSeed(parts, "iso-efi");
  const path = `EFI/BOOT/${efiNames(parts.arch).program}`;
  const volume = fatVolume({ entries: [{ path, type: "file", size: program.size, mtime: 0, body: program.body, align: SLOT_BYTES }], serial: serialFrom(seed, "boot volume"), label: LABEL });
  const { disk } = isoVolume({
    label: LABEL,
    efi: "boot/efi.img",
    hybrid: { signature: serialFrom(seed, "disk") },
    entries: [{ ...fileEntry("boot/efi.img", ""), size: volume.disk.size, body: readDisk(volume.disk), align: SLOT_BYTES }],
  });
  yield* readDisk(disk);
}

/** A file in a slot of its own, as on a disk. */
function placed(path: string, { size, body }: Sized): IsoEntry {
  return { ...fileEntry(path, ""), size, body, align: SLOT_BYTES, reserve: slotBytes(size) };
}
