import { STAGE1_FOLDERS, stage1Files } from "../guest/stage1/files.ts";
import { directoryStep, fileStep, symlinkStep } from "./entry-step.ts";
import type { PlanKernel, PlanSegment } from "./plan.ts";
import { isDebian } from "./source.ts";

/** Whether a root on a disk of this kernel wants a first stage: Debian's has the drivers of disks and filesystems as modules. */
export function needsStage1(kernel: PlanKernel | undefined): kernel is PlanKernel {
  return kernel !== undefined && isDebian(kernel.source);
}

/**
 * The small initramfs that mounts a root on a disk, but for the list of roots that are its own. It follows from kernel
 * and BusyBox alone, so that every OS of the same kernel shares it.
 *
 * @param busybox the program, static
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
    // as the init's own: it changes seldom, and is read at every start
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
