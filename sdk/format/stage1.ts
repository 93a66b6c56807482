import { fileEntry } from "../archive/entry.ts";
import { writeCpio } from "../archive/write-cpio.ts";
import { collect } from "../core/bytes.ts";
import { serialFrom, uuidBytes, uuidFrom } from "../disk/identity.ts";
import { ROOT_LIST, rootLine } from "../guest/stage1/files.ts";
import { diskSeed } from "./disk-layout.ts";
import type { Content, Parts } from "./parts.ts";

/** The role, and the end of the name, of the initramfs that mounts a root beside it. */
export const BASE_INITRD = { role: "base-initrd", suffix: "-base-initrd.img" } as const;

/** The seeds of an OS's roots. What they give stays from build to build, as an image's name does. */
export const rootSeed = {
  squashfs: (parts: Parts) => diskSeed(parts, "squashfs"),
  erofs: (parts: Parts) => diskSeed(parts, "erofs"),
  isoBios: (parts: Parts) => diskSeed(parts, "iso-bios"),
  isoEfi: (parts: Parts) => diskSeed(parts, "iso-efi"),
} as const;

/** What tells a squashfs from another: the format has no place for a name, so that it is in the one of the time at which it was made. */
export function squashfsMark(parts: Parts): number {
  return serialFrom(rootSeed.squashfs(parts), "root") & 0x7fffffff;
}

/** Bytes of a 32-bit number as they are on a disk. */
function little(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/**
 * The first stage with the list of the roots that are this OS's own; undefined where its kernel mounts a root itself.
 * The list is the same for all of an OS's roots, and so is the file.
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
