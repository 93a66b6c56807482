import { stat } from "node:fs/promises";
import { bootMemoryMiB, initrdMemory } from "../../../sdk/archive/initrd-memory.ts";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import { fileBytes } from "../../../sdk/core/file-bytes.ts";
import type { OnProgress } from "../../../sdk/core/progress.ts";
import { PACKED_ROOT } from "../../../sdk/guest/stage1/files.ts";
import type { VmInputs } from "./vm-inputs.ts";

/**
 * Checks that the boot files exist and that the image fits into the machine's memory. An image that fits only with a small
 * kernel causes a warning.
 *
 * @throws NOT_FOUND; TOO_LARGE, with sizes, if no kernel can unpack the image in that much memory
 */
export async function preflight(
  { kernel, initrd, root, disk, memoryMiB }: Pick<VmInputs, "kernel" | "initrd" | "root" | "disk" | "memoryMiB">,
  progress?: OnProgress,
): Promise<void> {
  for (const [what, path] of Object.entries({ kernel, root, disk })) if (path !== undefined) await sizeOf(path, what);
  // for an image on a disk, the build states the memory that it needs
  if (initrd === undefined) return;
  const size = await sizeOf(initrd, "initrd");
  // the unpacked size of other formats is unknown, but at least the packed size
  let staysPacked = false;
  const onPath = (path: string): void => {
    if (path === PACKED_ROOT) staysPacked = true;
  };
  const counted = await initrdMemory((start) => fileBytes(initrd, { start, memory: "reused" }), onPath);
  const image = counted ?? { packed: size, unpacked: size };
  const { least, enough } = bootMemoryMiB(image);
  const [packed, unpacked] = [image.packed, image.unpacked].map((bytes) => (bytes / (1 << 20)).toFixed(1));
  const sizes = `the image takes ${packed} MiB, plus ${unpacked} MiB unpacked`;
  const packs = staysPacked ? "" : "packed in memory: format kernel+squashfs-initrd, or ";
  const instead = root === undefined ? `, or keep the root ${packs}on a disk: format kernel+squashfs or kernel+erofs` : "";
  if (memoryMiB < least) {
    throw new LinuxKitError(
      "TOO_LARGE",
      `memoryMiB: got ${memoryMiB}, wanted at least ${least}, or about ${enough} with Debian's kernel: ${sizes}: raise memoryMiB${instead}`,
      {
        what: initrd,
        limit: memoryMiB * 2 ** 20,
        got: least * 2 ** 20,
      },
    );
  }
  if (memoryMiB < enough)
    progress?.({
      stage: "boot",
      message: `memoryMiB: ${memoryMiB} may be too little, Debian's kernel needs about ${enough}: ${sizes}${instead}`,
      lasting: true,
    });
}

async function sizeOf(path: string, what: string): Promise<number> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isFile()) return stats.size;
  throw new LinuxKitError(
    "NOT_FOUND",
    `${what}: file not found: ${path}: build the image on this host first; for an ImageBuild, run \`pulumi up --refresh\``,
    { what: path },
  );
}
