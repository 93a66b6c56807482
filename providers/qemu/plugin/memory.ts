import { stat } from "node:fs/promises";
import { bootMemoryMiB, initrdMemory } from "../../../sdk/archive/initrd-memory.ts";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import { fileBytes } from "../../../sdk/core/file-bytes.ts";
import type { OnProgress } from "../../../sdk/core/progress.ts";
import type { VmInputs } from "./vm-inputs.ts";

/**
 * Sees that what is booted is there and that the image fits the machine's memory. What boots only with a small
 * kernel is told, and not refused.
 *
 * @throws NOT_FOUND, TOO_LARGE with figures when no kernel can unpack the image in so much memory
 */
export async function preflight(
  { kernel, initrd, root, disk, memoryMiB }: Pick<VmInputs, "kernel" | "initrd" | "root" | "disk" | "memoryMiB">,
  progress?: OnProgress,
): Promise<void> {
  for (const [what, path] of Object.entries({ kernel, root, disk })) if (path !== undefined) await sizeOf(path, what);
  // of what is on a disk the build has said how much memory it needs
  if (initrd === undefined) return;
  const size = await sizeOf(initrd, "initrd");
  // of one that only the kernel can unpack it is known that it does not become smaller
  const image = (await initrdMemory((start) => fileBytes(initrd, { start, memory: "reused" }))) ?? { packed: size, unpacked: size };
  const { least, enough } = bootMemoryMiB(image);
  const [packed, unpacked] = [image.packed, image.unpacked].map((bytes) => (bytes / (1 << 20)).toFixed(1));
  const sizes = `the image has ${packed} MiB, and unpacks to ${unpacked} MiB beside it`;
  const instead = root === undefined ? ", or keep the root on a disk: format kernel+squashfs or kernel+erofs" : "";
  if (memoryMiB < least) {
    throw new LinuxKitError(
      "TOO_LARGE",
      `memoryMiB: got ${memoryMiB}, wanted at least ${least}, with Debian's kernel about ${enough}: ${sizes}: give the machine more${instead}`,
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
      message: `memoryMiB: ${memoryMiB} is little, Debian's kernel wants about ${enough}: ${sizes}${instead}`,
      lasting: true,
    });
}

async function sizeOf(path: string, what: string): Promise<number> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isFile()) return stats.size;
  throw new LinuxKitError(
    "NOT_FOUND",
    `${what}: no file ${path}: build the image on this host first; one that an ImageBuild made, \`pulumi up --refresh\` makes again`,
    { what: path },
  );
}
