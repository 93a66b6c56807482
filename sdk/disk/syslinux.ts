import { type Entry, fileEntry } from "../archive/entry.ts";
import { LinuxKitError } from "../core/errors.ts";
import { bytesAt, type Disk, type Extent, replaceExtents, SECTOR } from "./extent.ts";
import type { FatVolume } from "./fat.ts";

/** The parts of SYSLINUX that its installer carries, with which a BIOS boots a FAT volume. */
export interface Syslinux {
  /** 512 bytes; its parameter block is blank. */
  readonly bootSector: Buffer;
  /** `ldlinux.sys` without the sectors of its file. */
  readonly core: Buffer;
  /** `ldlinux.c32`, which the core loads from the volume. */
  readonly module: Buffer;
}

const CORE_MAGIC = 0x3eb202fe;
/** End of the parameter block in a FAT32 boot sector; FAT16's is shorter. */
const BOOT_CODE_AT = 0x5a;
/** Two copies of an auxiliary vector follow the core, for `extlinux --once`. */
const VECTORS = 2;
const LONGEST_EXTENT = 127;

/**
 * Reads SYSLINUX out of its installer, Debian's `/usr/bin/syslinux` (package `syslinux`), without running it: its data
 * holds boot sector, core and module one after the other.
 *
 * @throws CORRUPT when they are not found
 */
export function readSyslinux(installer: Uint8Array): Syslinux {
  const bytes = Buffer.from(installer.buffer, installer.byteOffset, installer.byteLength);
  const coreAt = bytes.indexOf("\r\nSYSLINUX ", 0, "latin1");
  const bootAt = coreAt - SECTOR;
  if (coreAt < SECTOR || bytes.toString("latin1", bootAt + 3, bootAt + 11) !== "SYSLINUX" || bytes.readUInt16LE(bootAt + 510) !== 0xaa55) {
    throw corrupt("no boot sector before its core");
  }
  // the core is padded to whole sectors; the module is the 32-bit ELF file after it
  let moduleAt = coreAt;
  do moduleAt = bytes.indexOf("\x7fELF\x01\x01", moduleAt + 1, "latin1");
  while (moduleAt > 0 && (moduleAt - coreAt) % SECTOR !== 0);
  if (moduleAt < 0 || moduleAt + 52 > bytes.length) throw corrupt("no module after its core");
  // an ELF file ends with its section headers
  const module = bytes.subarray(
    moduleAt,
    moduleAt + bytes.readUInt32LE(moduleAt + 32) + bytes.readUInt16LE(moduleAt + 46) * bytes.readUInt16LE(moduleAt + 48),
  );
  const syslinux = { bootSector: bytes.subarray(bootAt, coreAt), core: bytes.subarray(coreAt, moduleAt), module };
  patchArea(syslinux.core);
  return syslinux;
}

/** The files of a bootable volume beside its `syslinux.cfg`; {@link installSyslinux} patches the first. */
export function syslinuxFiles({ core, module }: Syslinux): Entry[] {
  return [fileEntry("ldlinux.sys", Buffer.concat([core, encodeVectors()])), fileEntry("ldlinux.c32", module)];
}

/** Text of a `syslinux.cfg` that starts one kernel at once; paths are relative to the volume's root. */
export function syslinuxConfig(boot: { readonly kernel: string; readonly initrds: readonly string[]; readonly cmdline: string }): string {
  const initrd = boot.initrds.length > 0 ? `  INITRD ${boot.initrds.map((path) => `/${path}`).join(",")}\n` : "";
  return `DEFAULT linuxkit\nPROMPT 0\nLABEL linuxkit\n  LINUX /${boot.kernel}\n${initrd}  APPEND ${boot.cmdline}\n`;
}

/**
 * Makes a FAT volume with {@link syslinuxFiles} bootable, as SYSLINUX's installer does: it writes boot code around the
 * volume's parameters, and patches the core with the sectors of its own file and a checksum.
 *
 * @throws NOT_FOUND when the volume has no `ldlinux.sys`
 */
export function installSyslinux(volume: FatVolume, syslinux: Syslinux): Disk {
  const at = volume.positions.get("ldlinux.sys");
  if (at === undefined) throw new LinuxKitError("NOT_FOUND", "boot volume: ldlinux.sys is missing", { what: "ldlinux.sys" });
  const first = at / SECTOR;
  const core = Buffer.from(syslinux.core);
  const { magicAt, extensionAt } = patchArea(core);
  const sectors = core.length / SECTOR;
  const extension = (index: number) => core.readUInt16LE(extensionAt + 2 * index);
  const vectorsAt = extension(0);
  const extentsAt = extension(5);
  const room = extension(6);

  const sector = Buffer.from(syslinux.bootSector);
  volume.bootSector.copy(sector, 11, 11, volume.geometry.type === 32 ? BOOT_CODE_AT : 0x3e);
  sector.writeUInt32LE(first % 2 ** 32, extension(7));
  sector.writeUInt32LE(Math.floor(first / 2 ** 32), extension(8));

  core.writeUInt16LE(sectors, magicAt + 8);
  core.writeUInt16LE(VECTORS, magicAt + 10);
  core.writeUInt32LE(core.length / 4, magicAt + 12);
  const runs = Math.ceil((sectors - 1) / LONGEST_EXTENT);
  if (runs > room) throw corrupt(`${runs} extents, its core lists at most ${room}`);
  for (let run = 0; run < runs; run++) {
    const done = 1 + run * LONGEST_EXTENT;
    core.writeBigUInt64LE(BigInt(first + done), extentsAt + run * 10);
    core.writeUInt16LE(Math.min(LONGEST_EXTENT, sectors - done), extentsAt + run * 10 + 8);
  }
  for (let vector = 0; vector < VECTORS; vector++) core.writeBigUInt64LE(BigInt(first + sectors + vector), vectorsAt + 8 * vector);
  core.writeUInt32LE(0, magicAt + 16);
  let sum = CORE_MAGIC;
  for (let dword = 0; dword < core.length; dword += 4) sum = (sum - core.readUInt32LE(dword)) >>> 0;
  core.writeUInt32LE(sum, magicAt + 16);

  const extents: Extent[] = [bytesAt(0, sector), bytesAt(at, Buffer.concat([core, encodeVectors()]))];
  if (volume.geometry.type === 32) extents.push(bytesAt(6 * SECTOR, sector));
  return replaceExtents(volume.disk, extents);
}

/** The places that are patched in the core: after a magic number, and in an extension that it points to. */
function patchArea(core: Buffer): { readonly magicAt: number; readonly extensionAt: number } {
  for (let magicAt = 0; magicAt + 24 <= Math.min(core.length, SECTOR); magicAt += 4) {
    if (core.readUInt32LE(magicAt) !== CORE_MAGIC) continue;
    const extensionAt = core.readUInt16LE(magicAt + 22);
    if (extensionAt + 20 <= core.length) return { magicAt, extensionAt };
  }
  throw corrupt("no patch area in its core");
}

function encodeVectors(): Buffer {
  const vector = Buffer.alloc(SECTOR);
  vector.writeUInt32LE(0x5a2d2fa5, 0);
  vector.writeUInt32LE(0xa3041767, 4);
  vector.writeUInt32LE(0xdd28bf64, 508);
  return Buffer.concat([vector, vector]);
}

function corrupt(why: string): LinuxKitError {
  return new LinuxKitError("CORRUPT", `syslinux: ${why}: not a supported version of the installer`, { path: "usr/bin/syslinux" });
}
