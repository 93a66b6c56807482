import { fileEntry } from "../archive/entry.ts";
import { writeCpio } from "../archive/write-cpio.ts";
import { collect } from "../core/bytes.ts";
import { serialFrom, uuidBytes, uuidFrom } from "../disk/identity.ts";
import { ROOT_LIST, rootLine } from "../guest/stage1/files.ts";
import { diskSeed } from "./disk-layout.ts";
import type { Content, Parts } from "./parts.ts";

/** Role and suffix of the initramfs that mounts a root image beside it. */
export const BASE_INITRD = { role: "base-initrd", suffix: "-base-initrd.img" } as const;

/** The seeds of an OS's roots, the same in every build. */
export const rootSeed = {
  squashfs: (parts: Parts) => diskSeed(parts, "squashfs"),
  erofs: (parts: Parts) => diskSeed(parts, "erofs"),
  isoBios: (parts: Parts) => diskSeed(parts, "iso-bios"),
  isoEfi: (parts: Parts) => diskSeed(parts, "iso-efi"),
} as const;

/** 31 bits that identify a squashfs. The format has no identifier, so they are stored as its creation time. */
export function squashfsMark(parts: Parts): number {
  return serialFrom(rootSeed.squashfs(parts), "root") & 0x7fffffff;
}

/** A 32-bit number in little-endian bytes. */
export function little(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/**
 * The first stage with the list of this OS's roots; undefined for a kernel that mounts a root itself. The list, and so the
 * file, is the same for all formats.
 */
export async function baseInitrd(parts: Parts): Promise<Content | undefined> {
  const { stage1 } = parts;
  if (!stage1) return undefined;
  const list = [
    rootLine("squashfs", little(squashfsMark(parts))),
    rootLine("erofs", uuidBytes(uuidFrom(rootSeed.erofs(parts), "erofs")).subarray(0, 4)),
    rootLine("iso9660", little(serialFrom(rootSeed.isoBios(parts), "disk"))),
    rootLine("iso9660", little(serialFrom(rootSeed.isoEfi(parts), "disk"))),
  ];
  const roots = await collect(writeCpio([fileEntry(ROOT_LIST, list.join(""))]));
  return {
    size: stage1.size + roots.length,
    async *open(memory) {
      yield* stage1.open(memory);
      yield roots;
    },
  };
}
