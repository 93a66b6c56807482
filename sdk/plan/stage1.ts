import { STAGE1_FOLDERS, stage1Files } from "../guest/stage1/files.ts";
import { directoryStep, fileStep, symlinkStep } from "./entry-step.ts";
import type { PlanKernel, PlanSegment } from "./plan.ts";
import { isDebian } from "./source.ts";

/** Whether this kernel needs a first stage to mount a root on a disk. Debian's does, because its drivers of disks and filesystems are modules. */
export function needsStage1(kernel: PlanKernel | undefined): kernel is PlanKernel {
  return kernel !== undefined && isDebian(kernel.source);
}

/**
 * The small initramfs that mounts a root on a disk, without the list of accepted roots. It depends only on the kernel and
 * BusyBox, so every OS with the same kernel shares it.
 *
 * @param busybox the static program
 */
export function stage1Segment(kernel: PlanKernel, busybox: Uint8Array): PlanSegment {
  const program = {
    kind: "entry",
    type: "file",
    uid: 0,
    gid: 0,
    path: "bin/busybox",
    mode: 0o755,
    base64: Buffer.from(busybox).toString("base64"),
  } as const;
  return {
    name: "base",
    // like init's: it rarely changes, and every boot reads it
    compression: { algorithm: "zstd", level: 19 },
    steps: [
      ...STAGE1_FOLDERS.map((path) => directoryStep(path)),
      program,
      symlinkStep("bin/sh", "busybox"),
      ...stage1Files().map(({ path, contents, mode }) => fileStep(path, contents, mode)),
      { kind: "modules", source: kernel.source, names: [], purpose: "root" },
    ],
  };
}
