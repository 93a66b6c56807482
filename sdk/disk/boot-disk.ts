import { type Entry, fileEntry } from "../archive/entry.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { Disk } from "./extent.ts";
import { type FatVolume, fatVolume } from "./fat.ts";
import type { FatType } from "./fat-geometry.ts";
import type { FatEntry } from "./fat-tree.ts";
import { GPT_TAIL_BYTES, gptDisk, PARTITION_TYPE } from "./gpt.ts";
import { type Seed, serialFrom } from "./identity.ts";
import { mbrDisk } from "./mbr.ts";
import { PE_MACHINE } from "./pe.ts";
import { SLOT_BYTES, slotBytes } from "./slot.ts";
import { installSyslinux, type Syslinux, syslinuxConfig, syslinuxFiles } from "./syslinux.ts";
import { checkCmdline, checkKernel, type Sized } from "./uki.ts";

/** Options of every bootable disk. */
interface BootDisk {
  readonly seed: Seed;
  /** Bytes of the disk. @default the smallest size in whole MiB that holds the content */
  readonly size?: number;
  /** Kind of the boot volume. @default FAT32 from 34 MiB, FAT16 below */
  readonly fat?: FatType;
}

/** A kernel and its initramfs as separate files, for both loaders. */
export interface KernelFiles {
  readonly kernel: Sized;
  /** Archives of the initramfs in order; each has its own slot on the disk. */
  readonly segments: readonly Sized[];
  readonly cmdline: string;
}

export interface EfiDisk extends BootDisk {
  /** `BOOTX64.EFI` or `BOOTAA64.EFI`: the name of the program that EFI starts from removable media. */
  readonly loader: "BOOTX64.EFI" | "BOOTAA64.EFI";
  /** A unified kernel image, signed or not. */
  readonly program: Sized;
}

export interface BiosDisk extends BootDisk, KernelFiles {
  readonly syslinux: Syslinux;
  /** SYSLINUX's `mbr.bin`, and `gptmbr.bin` for a hybrid. */
  readonly code: Uint8Array;
}

export interface HybridDisk extends BiosDisk {
  /** systemd-boot for amd64; it finds the same kernel and segments by a loader entry. */
  readonly systemdBoot: Sized;
}

const MIB = 1 << 20;
const START = MIB;

/** A disk with a GPT, whose EFI system partition holds one program. @throws TOO_LARGE when `size` is too small */
export function efiDisk(options: EfiDisk): Disk {
  const { program, loader } = options;
  const volume = bootVolume(options, [
    { path: `EFI/BOOT/${loader}`, type: "file", size: program.size, mtime: 0, body: program.body, align: SLOT_BYTES },
  ]);
  return onGpt(options, volume.disk, {});
}

/** A disk with an MBR and one active FAT partition, started by SYSLINUX. @throws TOO_LARGE when `size` is too small */
export function biosDisk(options: BiosDisk): Disk {
  const volume = bootVolume(options, [...syslinuxEntries(options), ...kernelEntries(options)]);
  const content = installSyslinux(volume, options.syslinux);
  const size = sizeOf(options, START + content.size);
  const type = volume.geometry.type === 32 ? 0x0c : 0x0e;
  return mbrDisk({
    size,
    signature: serialFrom(options.seed, "disk"),
    code: options.code,
    partitions: [{ type, start: START, length: content.size, active: true, content }],
  });
}

/**
 * A disk with a GPT, whose EFI system partition both firmwares start from: SYSLINUX and systemd-boot share one kernel and
 * initramfs.
 *
 * @throws TOO_LARGE when `size` is too small
 */
export function hybridDisk(options: HybridDisk): Disk {
  const { systemdBoot, cmdline } = options;
  const initrds = options.segments.map((_, index) => `initrd /${segmentName(index)}\n`).join("");
  const volume = bootVolume(options, [
    ...syslinuxEntries(options),
    { path: "EFI/BOOT/BOOTX64.EFI", type: "file", size: systemdBoot.size, mtime: 0, body: systemdBoot.body },
    fileEntry("loader/loader.conf", "timeout 0\n"),
    fileEntry("loader/entries/linuxkit.conf", `title LinuxKit\nlinux /kernel\n${initrds}options ${cmdline}\n`),
    // systemd-boot starts it as an EFI program
    ...kernelEntries({ ...options, kernel: { ...options.kernel, body: checkKernel(options.kernel.body, PE_MACHINE.amd64) } }),
  ]);
  return onGpt(options, installSyslinux(volume, options.syslinux), { code: options.code, legacyBoot: true });
}

function onGpt(options: BootDisk, content: Disk, boot: { readonly code?: Uint8Array; readonly legacyBoot?: boolean }): Disk {
  const size = sizeOf(options, START + content.size + Math.ceil(GPT_TAIL_BYTES / MIB) * MIB);
  const partition = {
    type: PARTITION_TYPE.efiSystem,
    name: "EFI System",
    start: START,
    length: content.size,
    content,
    ...(boot.legacyBoot && { attributes: { legacyBoot: true } }),
  };
  return gptDisk({ size, seed: options.seed, partitions: [partition], ...(boot.code && { code: boot.code }) });
}

function bootVolume(options: BootDisk, entries: readonly FatEntry[]): FatVolume {
  return fatVolume({
    entries,
    serial: serialFrom(options.seed, "boot volume"),
    label: "LINUXKIT",
    start: START,
    ...(options.fat && { type: options.fat }),
  });
}

function syslinuxEntries({ syslinux, segments, cmdline }: BiosDisk): Entry[] {
  checkCmdline(cmdline);
  return [
    ...syslinuxFiles(syslinux),
    fileEntry("syslinux.cfg", syslinuxConfig({ kernel: "kernel", initrds: segments.map((_, index) => segmentName(index)), cmdline })),
  ];
}

function kernelEntries({ kernel, segments }: KernelFiles): FatEntry[] {
  const placed = (path: string, { size, body }: Sized): FatEntry => ({
    path,
    type: "file",
    size,
    mtime: 0,
    body,
    align: SLOT_BYTES,
    reserve: slotBytes(size),
  });
  return [placed("kernel", kernel), ...segments.map((segment, index) => placed(segmentName(index), segment))];
}

function segmentName(index: number): string {
  return `initrd.${String(index).padStart(3, "0")}`;
}

function sizeOf({ size }: BootDisk, least: number): number {
  if (size === undefined) return least;
  if (size < least)
    throw new LinuxKitError(
      "TOO_LARGE",
      `disk: its content takes ${least} bytes, but the disk has ${size}: give it at least ${Math.ceil(least / MIB)} MiB`,
      { what: "disk", limit: size, got: least },
    );
  return size;
}
