import { spawn } from "node:child_process";
import type { Arch } from "../../../sdk/core/arch.ts";
import { type Accelerator, type MachineSpec, qemuArguments } from "./arguments.ts";

/** A kernel that cannot be seen to be up after this is not worth the wait. */
const PATIENCE_MILLISECONDS = 8000;

/** A kernel's last word, or that of our init. */
const UP = /Kernel panic - not syncing|^linuxkit \S+ \d+\.\d+ /m;

/** What a probe boots: a kernel without anything, or a disk. */
export type Probed = Pick<MachineSpec, "kernel" | "boot">;

/**
 * Boots a kernel under an accelerator with no image at all, or a disk as far as its guest's first word. A kernel that comes to the point where it would start a
 * program finds none and panics, and QEMU ends: that is the proof, a second after the start where virtualisation works.
 */
export async function probeBoot(
  program: string,
  arch: Arch,
  accelerator: Accelerator,
  probed: Probed,
  signal: AbortSignal,
): Promise<boolean> {
  const args = qemuArguments({
    arch,
    accelerator,
    name: "linuxkit-probe",
    ...probed,
    cmdline: "panic=-1",
    memoryMiB: probed.boot ? 512 : 128,
    cpus: 1,
    publish: [],
    disks: [],
    firmware: [],
  });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MILLISECONDS * (probed.boot ? 2 : 1))]);
  const qemu = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"], signal: limit, killSignal: "SIGKILL" });
  const closed = new Promise<void>((resolve) => qemu.once("close", () => resolve()));
  qemu.on("error", () => {});
  let up = false;
  let tail = "";
  qemu.stdout.setEncoding("latin1").on("data", (chunk: string) => {
    tail = (tail + chunk).slice(-4096);
    up ||= UP.test(tail);
    if (up) qemu.kill("SIGKILL");
  });
  await closed;
  signal.throwIfAborted();
  return up;
}
