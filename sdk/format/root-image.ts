import type { Entry } from "../archive/entry.ts";
import { erofsVolume } from "../disk/erofs.ts";
import { readDisk } from "../disk/extent.ts";
import { kernelFiles } from "./kernel-initrd.ts";
import { makeSquashfs, MKSQUASHFS } from "./mksquashfs.ts";
import type { FormatFile, FormatWriter, Parts } from "./parts.ts";
import { BASE_INITRD, baseInitrd, rootSeed, squashfsMark } from "./stage1.ts";

/**
 * `kernel+erofs`: the root as a filesystem image beside the kernel, for systems that are too large for memory, and a
 * small initramfs that mounts it. Only Debian's kernel gets the initramfs: any other must have the drivers of filesystem
 * and disk built in, and a `root=` on its command line.
 */
export const kernelErofs: FormatWriter = {
  needs: "tree",
  costly: true,
  stage1: "root",
  suffixes: ["-erofs.img"],
  files: (parts) => [...kernelFiles(parts), ...baseFiles(parts), rootImage("-erofs.img", () => writeErofs(parts))],
};

/** `kernel+squashfs`: as {@link kernelErofs}, compressed, with a program of the host. */
export const kernelSquashfs: FormatWriter = {
  needs: "tree",
  costly: true,
  stage1: "root",
  suffixes: ["-squashfs.img"],
  tool: { ...MKSQUASHFS, instead: "kernel+erofs" },
  files: (parts) => [...kernelFiles(parts), ...baseFiles(parts), rootImage("-squashfs.img", () => writeSquashfs(parts))],
};

function baseFiles(parts: Parts): FormatFile[] {
  return parts.stage1 ? [{ ...BASE_INITRD, open: () => writeBase(parts) }] : [];
}

async function* writeBase(parts: Parts): AsyncGenerator<Uint8Array> {
  yield* (await baseInitrd(parts))?.open("reused") ?? [];
}

function rootImage(suffix: string, open: () => AsyncGenerator<Uint8Array>): FormatFile {
  return { role: "root", suffix, open };
}

async function* writeErofs(parts: Parts): AsyncGenerator<Uint8Array> {
  const entries: Entry[] = [];
  for await (const entry of rootOf(parts)) entries.push(entry);
  yield* readDisk(erofsVolume({ entries, seed: rootSeed.erofs(parts), label: "linuxkit" }));
}

async function* writeSquashfs(parts: Parts): AsyncGenerator<Uint8Array> {
  // every kernel with squashfs reads gzip
  const names = { compression: ["-comp", "gzip"], format: "kernel+squashfs", instead: "kernel+erofs" };
  await using image = await makeSquashfs(rootOf(parts), { ...parts, ...names, mark: squashfsMark(parts) });
  yield* image.open("reused");
}

/** The root without the contents of `/boot`, which only loaders read, as in LinuxKit. */
export async function* rootOf({ tree }: Parts): AsyncGenerator<Entry> {
  for await (const entry of tree?.() ?? []) if (!entry.path.startsWith("boot/")) yield entry;
}
