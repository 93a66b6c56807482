import { type Entry, fileEntry } from "../archive/entry.ts";
import type { Arch } from "../core/arch.ts";
import { LinuxKitError } from "../core/errors.ts";
import { readDisk } from "../disk/extent.ts";
import { fatVolume } from "../disk/fat.ts";
import { serialFrom } from "../disk/identity.ts";
import { type IsoEntry, isoVolume } from "../disk/iso9660.ts";
import { SLOT_BYTES, slotBytes } from "../disk/slot.ts";
import { syslinuxConfig } from "../disk/syslinux.ts";
import { checkCmdline, type Sized } from "../disk/uki.ts";
import { bootParts, efiProgram } from "./boot-parts.ts";
import { efiNames } from "./loaders.ts";
import type { FormatWriter, Parts } from "./parts.ts";
import { rootOf } from "./root-image.ts";
import { baseInitrd, rootSeed } from "./stage1.ts";

const LABEL = "LINUXKIT";

/** The rules of all CDs that EFI starts. */
const EFI = {
  arches: ["amd64", "arm64"],
  instead: "kernel+initrd",
  loaders: (arch: Arch) => [efiNames(arch).stub],
} as const satisfies Partial<FormatWriter>;

/**
 * `iso-bios`: a CD that ISOLINUX starts, and that a BIOS also starts as a disk. The CD is the root, as in LinuxKit. For
 * Debian's kernel a first stage mounts it; any other kernel must have the drivers built in.
 */
export const isoBios: FormatWriter = {
  needs: "tree",
  stage1: "root",
  suffixes: [".iso"],
  arches: ["amd64"],
  instead: "iso-efi on arm64, kernel+initrd on s390x",
  loaders: () => ["isolinux.bin", "ldlinux.c32", "isohdpfx.bin"],
  wholeProgram: () => false,
  files: (parts) => [{ role: "image", suffix: ".iso", open: () => writeBios(parts) }],
};

/** `iso-efi`: a CD that EFI starts, also as a disk. Kernel and first stage are one program; the CD is the root. */
export const isoEfi: FormatWriter = {
  needs: "tree",
  stage1: "root",
  suffixes: ["-efi.iso"],
  ...EFI,
  // a signature of the program does not cover the root
  wholeProgram: () => false,
  files: (parts) => [{ role: "image", suffix: "-efi.iso", open: () => writeEfiRoot(parts) }],
};

/** `iso-efi-initrd`: as {@link isoEfi}, with the root in the program, so that the CD can be removed after the boot. */
export const isoEfiInitrd: FormatWriter = {
  needs: "initrd",
  suffixes: ["-efi-initrd.iso"],
  ...EFI,
  wholeProgram: () => true,
  files: (parts) => [{ role: "image", suffix: "-efi-initrd.iso", open: () => writeEfiInitrd(parts) }],
};

async function* writeBios(parts: Parts): AsyncGenerator<Uint8Array> {
  const { loader } = parts;
  const base = await baseInitrd(parts);
  const cmdline = rootCmdline(parts, "/dev/sr0");
  checkCmdline(cmdline);
  const { kernel, segments } = bootParts({ ...parts, archives: base ? [base] : [] });
  const { disk } = isoVolume({
    label: LABEL,
    bios: "isolinux/isolinux.bin",
    hybrid: { code: loader("isohdpfx.bin"), signature: serialFrom(rootSeed.isoBios(parts), "disk") },
    entries: [
      fileEntry("isolinux/isolinux.bin", loader("isolinux.bin")),
      fileEntry("isolinux/ldlinux.c32", loader("ldlinux.c32")),
      fileEntry("isolinux/isolinux.cfg", syslinuxConfig({ kernel: "boot/kernel", initrds: base ? ["boot/initrd.img"] : [], cmdline })),
      placed("boot/kernel", kernel),
      ...segments.map((segment) => placed("boot/initrd.img", segment)),
      ...(await rootEntries(parts, ["isolinux"])),
    ],
  });
  yield* readDisk(disk);
}

async function* writeEfiRoot(parts: Parts): AsyncGenerator<Uint8Array> {
  const base = await baseInitrd(parts);
  const cmdline = rootCmdline(parts, parts.arch === "arm64" ? "/dev/vda" : "/dev/sr0");
  const program = await efiProgram({ ...parts, cmdline, archives: base ? [base] : [] });
  yield* writeEfi(parts, program, await rootEntries(parts, []));
}

async function* writeEfiInitrd(parts: Parts): AsyncGenerator<Uint8Array> {
  yield* writeEfi(parts, await efiProgram(parts), []);
}

async function* writeEfi(parts: Parts, program: Sized, root: readonly IsoEntry[]): AsyncGenerator<Uint8Array> {
  const seed = rootSeed.isoEfi(parts);
  const path = `EFI/BOOT/${efiNames(parts.arch).program}`;
  const volume = fatVolume({
    entries: [{ path, type: "file", size: program.size, mtime: 0, body: program.body, align: SLOT_BYTES }],
    serial: serialFrom(seed, "boot volume"),
    label: LABEL,
  });
  const { disk } = isoVolume({
    label: LABEL,
    efi: "boot/efi.img",
    hybrid: { signature: serialFrom(seed, "disk") },
    entries: [{ ...fileEntry("boot/efi.img", ""), size: volume.disk.size, body: readDisk(volume.disk), align: SLOT_BYTES }, ...root],
  });
  yield* readDisk(disk);
}

/** The root's entries. @throws INVALID_DEFINITION for one in the folder of the CD's loader */
async function rootEntries(parts: Parts, taken: readonly string[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of rootOf(parts)) {
    const top = entry.path.split("/", 1)[0] as string;
    if (taken.includes(top))
      throw new LinuxKitError(
        "INVALID_DEFINITION",
        `${entry.path}: the folder ${top} is reserved for the CD's loader: put it elsewhere, or use another format`,
        { path: entry.path },
      );
    entries.push(entry);
  }
  return entries;
}

/** The command line with `root=` for a kernel that mounts the CD itself, as in LinuxKit; the first stage finds the CD by its mark. */
function rootCmdline({ stage1, cmdline }: Parts, device: string): string {
  const words = cmdline.split(/\s+/).filter(Boolean);
  if (stage1 || words.some((word) => word.startsWith("root="))) return cmdline;
  // rootfstype=ramfs, which the default init sets, is for an initramfs only
  return [...words.filter((word) => word !== "rootfstype=ramfs"), `root=${device}`].join(" ");
}

/** A file in its own slot, as on a disk. */
function placed(path: string, { size, body }: Sized): IsoEntry {
  return { ...fileEntry(path, ""), size, body, align: SLOT_BYTES, reserve: slotBytes(size) };
}
