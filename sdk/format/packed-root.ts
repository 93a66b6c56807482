import { fileEntry } from "../archive/entry.ts";
import { writeCpio } from "../archive/write-cpio.ts";
import { present } from "../core/present.ts";
import { PACKED_ROOT, ROOT_LIST, rootLine } from "../guest/stage1/files.ts";
import { kernelFiles } from "./kernel-initrd.ts";
import { makeSquashfs, MKSQUASHFS } from "./mksquashfs.ts";
import type { FormatWriter, Parts } from "./parts.ts";
import { rootOf } from "./root-image.ts";
import { little, squashfsMark } from "./stage1.ts";

const NAME = "kernel+squashfs-initrd";
const INSTEAD = "kernel+initrd";

/** Role and suffix of an initramfs that carries its root packed. It is no tree of the OS's files, as an `initrd` is. */
export const SQUASHFS_INITRD = { role: "squashfs-initrd", suffix: "-squashfs-initrd.img" } as const;

/** Bytes that are compressed together: the default of `mksquashfs`. */
const BLOCK = 128 << 10;

/** From this many bytes in files smaller than a block on, compressing several of them together saves memory. */
const MANY_SMALL = 4 << 20;

/**
 * `kernel+squashfs-initrd`: the root as a squashfs inside the initramfs. It stays packed in memory, and what is read of it is
 * unpacked then, into memory that the kernel takes back when it needs it.
 */
export const kernelSquashfsInitrd: FormatWriter = {
  needs: "tree",
  costly: true,
  stage1: "packed-root",
  suffixes: [SQUASHFS_INITRD.suffix],
  tool: { ...MKSQUASHFS, instead: INSTEAD },
  files: (parts) => [...kernelFiles(parts), { ...SQUASHFS_INITRD, open: () => writePacked(parts) }],
};

/**
 * How the root is packed. Debian's kernels have every compression of squashfs: xz is the smallest, and smaller still with a filter for
 * the code of the architecture, which the tool has for amd64. Small files of one block, a fragment, cost the kernel a cache
 * of three blocks (fs/squashfs/super.c). Where they would save less than that, the image has no fragments.
 */
async function compressionOf(parts: Parts): Promise<string[]> {
  let small = 0;
  for await (const { size } of rootOf(parts)) if (size < BLOCK) small += size;
  return [
    ...["-comp", "xz", "-b", String(BLOCK)],
    ...(parts.arch === "amd64" ? ["-Xbcj", "x86"] : []),
    ...(small < MANY_SMALL ? ["-no-fragments"] : []),
  ];
}

async function* writePacked(parts: Parts): AsyncGenerator<Uint8Array> {
  const mark = squashfsMark(parts);
  const names = { compression: await compressionOf(parts), format: NAME, instead: INSTEAD };
  await using root = await makeSquashfs(rootOf(parts), { ...parts, ...names, mark });
  yield* present(parts.stage1).open("reused");
  // the list is last: without it, the first stage knows that the kernel did not unpack all
  yield* writeCpio([
    { ...fileEntry(PACKED_ROOT, ""), size: root.size, body: root.open("reused") },
    fileEntry(ROOT_LIST, rootLine("squashfs", little(mark))),
  ]);
}
