import type { Arch } from "../core/arch.ts";
import { PROGRAM } from "../guest/files.ts";
import { STAGE1_FOLDERS, type Stage1Purpose } from "../guest/stage1/files.ts";
import { directoryStep, programStep } from "./entry-step.ts";
import type { PlanKernel, PlanSegment } from "./plan.ts";
import { isDebian } from "./source.ts";

/** Whether this kernel needs a first stage to mount a root that is no initramfs. Debian's does, because its drivers of disks and filesystems are modules. */
export function needsStage1(kernel: PlanKernel | undefined): kernel is PlanKernel {
  return kernel !== undefined && isDebian(kernel.source);
}

/**
 * The small initramfs that mounts a root, but for the list of roots that are its own, and a root that it carries. It follows
 * from the kernel and the guest's program alone, so that every OS of the same kernel shares it.
 */
export function stage1Segment(kernel: PlanKernel, arch: Arch, purpose: Stage1Purpose): PlanSegment {
  return {
    name: "base",
    // like init's: it rarely changes, and every boot reads it
    compression: { algorithm: "zstd", level: 19 },
    steps: [
      ...STAGE1_FOLDERS.map((path) => directoryStep(path)),
      programStep(PROGRAM, arch),
      { kind: "modules", source: kernel.source, names: [], purpose },
    ],
  };
}
