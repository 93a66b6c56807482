import type { Arch } from "../core/arch.ts";
import type { Bytes } from "../core/bytes.ts";
import type { Overwrite } from "../core/file-output.ts";
import { type Disk, readDisk } from "../disk/extent.ts";
import { bootDisk, cloudLayout, diskSeed, type Layout, layoutLoaders } from "./disk-layout.ts";
import { writeGcp } from "./gcp.ts";
import type { FormatWriter, Parts } from "./parts.ts";
import { writeQcow2 } from "./qcow2.ts";
import { writeDynamicVhd, writeFixedVhd } from "./vhd.ts";
import { writeVmdk } from "./vmdk.ts";

const GIB = 2 ** 30;

interface DiskFormat {
  readonly layout: Layout | "cloud";
  readonly suffix: string;
  /** Whether it is compressed. @default false */
  readonly costly?: boolean;
  /** Bytes of which the disk's size is a multiple. @default 1 MiB */
  readonly unit?: number;
  /** As in {@link FormatFile}. @default false */
  readonly blocks?: boolean;
  /** Whether a signed disk starts by EFI only, as a signature does not cover what a BIOS starts. @default false: a layout that a BIOS starts cannot be signed */
  readonly signedAlone?: boolean;
  write(disk: Disk, parts: Parts): Bytes;
}

/** `raw-bios`: a raw disk with a master boot record. */
export const rawBios = diskFormat({ layout: "bios", suffix: "-bios.img", write: readDisk });

/** `raw-efi`: a raw disk with a GUID partition table, whose EFI program is the whole OS. */
export const rawEfi = diskFormat({ layout: "efi", suffix: "-efi.img", write: readDisk });

/** `raw-hybrid`: a raw disk that both BIOS and EFI start. */
export const rawHybrid = diskFormat({ layout: "hybrid", suffix: "-hybrid.img", write: readDisk });

/** `qcow2-bios`: {@link rawBios} for QEMU, sparse and compressed. */
export const qcow2Bios = qcow2({ layout: "bios", suffix: ".qcow2" });

/** `qcow2-efi`: {@link rawEfi} for QEMU, sparse and compressed. */
export const qcow2Efi = qcow2({ layout: "efi", suffix: "-efi.qcow2" });

/** `vhd`: a fixed VHD, for Azure. */
export const vhd = diskFormat({
  layout: "cloud",
  signedAlone: true,
  suffix: ".vhd",
  blocks: true,
  write: (disk, parts) => writeFixedVhd(disk, imageSeed(parts)),
});

/** `dynamic-vhd`: a dynamic VHD, for Hyper-V, without blocks of zeroes. */
export const dynamicVhd = diskFormat({
  layout: "cloud",
  signedAlone: true,
  suffix: ".vhd",
  write: (disk, parts) => writeDynamicVhd(disk, imageSeed(parts)),
});

/** `vmdk`: for VMware and VirtualBox, compressed. */
export const vmdk = diskFormat({
  layout: "cloud",
  suffix: ".vmdk",
  costly: true,
  write: (disk, parts) => writeVmdk(disk, { seed: imageSeed(parts) }),
});

/** `aws`: the bytes of an EBS snapshot, in whole GiB as EBS volumes are: the backup partition table must be at their end. */
export const aws = diskFormat({ layout: "cloud", suffix: ".raw", unit: GIB, blocks: true, write: readDisk });

/** `gcp`: the archive that Compute Engine imports. */
export const gcp = diskFormat({
  layout: "cloud",
  signedAlone: true,
  suffix: ".img.tar.gz",
  costly: true,
  unit: GIB,
  write: (disk) => writeGcp(disk),
});

function diskFormat(format: DiskFormat): FormatWriter {
  return {
    ...rules(format),
    files: (parts) => [
      { role: "image", suffix: format.suffix, ...(format.blocks && { blocks: true }), open: () => writeLater(format, parts) },
    ],
  };
}

function qcow2(format: Omit<DiskFormat, "write">): FormatWriter {
  async function* open(parts: Parts): AsyncGenerator<Uint8Array | Overwrite> {
    yield* writeQcow2(await diskOf(format, parts));
  }
  return {
    ...rules({ ...format, costly: true }),
    files: (parts) => [{ role: "image", suffix: format.suffix, overwrites: true, open: () => open(parts) }],
  };
}

async function* writeLater(format: DiskFormat, parts: Parts): AsyncGenerator<Uint8Array> {
  yield* format.write(await diskOf(format, parts), parts);
}

function diskOf(format: Omit<DiskFormat, "write">, parts: Parts): Promise<Disk> {
  return bootDisk(layoutOn(format, parts.arch, parts.signer !== undefined), parts, format.unit);
}

function rules(
  format: Omit<DiskFormat, "write">,
): Pick<FormatWriter, "needs" | "suffixes" | "costly" | "arches" | "instead" | "loaders" | "wholeProgram"> {
  const { layout, suffix, costly = false } = format;
  const arches: readonly Arch[] = layout === "bios" || layout === "hybrid" ? ["amd64"] : ["amd64", "arm64"];
  const instead = layout === "bios" || layout === "hybrid" ? "raw-efi or qcow2-efi on arm64, kernel+initrd on s390x" : "kernel+initrd";
  return {
    needs: "initrd",
    suffixes: [suffix],
    costly,
    arches,
    instead,
    loaders: (arch) => [...new Set([false, true].flatMap((signed) => layoutLoaders(layoutOn(format, arch, signed), arch)))],
    wholeProgram: (arch, signed) => layoutOn(format, arch, signed) === "efi",
  };
}

function layoutOn({ layout, signedAlone = false }: Pick<DiskFormat, "layout" | "signedAlone">, arch: Arch, signed: boolean): Layout {
  if (layout !== "cloud") return layout;
  return signed && signedAlone ? "efi" : cloudLayout(arch);
}

function imageSeed(parts: Parts): string {
  return diskSeed(parts, "image");
}
