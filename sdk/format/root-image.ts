import type { Entry } from "../archive/entry.ts";
import { erofsVolume } from "../disk/erofs.ts";
import { readDisk } from "../disk/extent.ts";
import { diskSeed } from "./disk-layout.ts";
import { kernelFiles } from "./kernel-initrd.ts";
import { makeSquashfs, MKSQUASHFS } from "./mksquashfs.ts";
import type { FormatFile, FormatWriter, Parts } from "./parts.ts";

/**
 * `kernel+erofs`: the root as a filesystem image beside the kernel, for systems that are too large for memory. The
 * kernel must have the drivers of filesystem and disk built in, and the command line a `root=`.
 */
export const kernelErofs: FormatWriter = {
  needs: "tree",
  costly: true,
  suffixes: ["-erofs.img"],
  files: (parts) => [...kernelFiles(parts), rootImage("-erofs.img", () => writeErofs(parts))],
};

/** `kernel+squashfs`: as {@link kernelErofs}, compressed, by a program of the host. */
export const kernelSquashfs: FormatWriter = {
  needs: "tree",
  costly: true,
  suffixes: ["-squashfs.img"],
  tool: MKSQUASHFS,
  files: (parts) => [...kernelFiles(parts), rootImage("-squashfs.img", () => makeSquashfs(rootOf(parts), parts))],
};

function rootImage(suffix: string, open: () => AsyncGenerator<Uint8Array>): FormatFile {
  return { role: "image", suffix, open };
}

async function* writeErofs(parts: Parts): AsyncGenerator<Uint8Array> {
  const entries: Entry[] = [];
  for await (const entry of rootOf(parts)) entries.push(entry);
  yield* readDisk(erofsVolume({ entries, seed: diskSeed(parts, "erofs"), label: "linuxkit" }));
}

/** The root without what only loaders read, as LinuxKit has it. */
async function* rootOf({ tree }: Parts): AsyncGenerator<Entry> {
  for await (const entry of tree?.() ?? []) if (!entry.path.startsWith("boot/")) yield entry;
}
