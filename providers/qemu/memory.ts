import { stat } from "node:fs/promises";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import type { VmInputs } from "./vm-inputs.ts";

/** What Debian's kernel keeps for itself on every architecture: measured 33 to 36 MiB of 128 to 512. */
const KERNEL_MIB = 34;

/**
 * The memory without which a boot cannot succeed: the kernel, the packed image, and at least as much again for what it
 * unpacks to, which is there before the packed one is given up. What the services need comes on top.
 */
export function leastMemoryMiB(initrdBytes: number): number {
  return KERNEL_MIB + Math.ceil((2 * initrdBytes) / (1 << 20));
}

/** Sees that kernel and image are there and fit the machine's memory. `NOT_FOUND`, `TOO_LARGE`. */
export async function preflight({ kernel, initrd, memoryMiB }: Pick<VmInputs, "kernel" | "initrd" | "memoryMiB">): Promise<void> {
  await sizeOf(kernel, "kernel");
  const size = await sizeOf(initrd, "initrd");
  const least = leastMemoryMiB(size);
  if (memoryMiB >= least) return;
  const mebibytes = (size / (1 << 20)).toFixed(1);
  throw new LinuxKitError(
    "TOO_LARGE",
    `memoryMiB: got ${memoryMiB}, wanted at least ${least}: the image is ${mebibytes} MiB, which the kernel (${KERNEL_MIB} MiB) unpacks into memory beside the packed one: give the machine more, or make the image smaller`,
    { what: initrd, limit: memoryMiB * 2 ** 20, got: least * 2 ** 20 },
  );
}

async function sizeOf(path: string, what: string): Promise<number> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isFile()) return stats.size;
  throw new LinuxKitError("NOT_FOUND", `${what}: no file ${path}: build the image on this host first; one that an ImageBuild made, \`pulumi up --refresh\` makes again`, { what: path });
}
