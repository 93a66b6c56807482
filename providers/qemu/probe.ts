import { spawn } from "node:child_process";
import type { Arch } from "../../sdk/core/arch.ts";
import { type Accelerator, qemuArguments } from "./arguments.ts";

/** A kernel that cannot be seen to be up after this is not worth the wait. */
const PATIENCE_MILLISECONDS = 8000;

/**
 * Boots a kernel under an accelerator with no image at all. A kernel that comes to the point where it would start a
 * program finds none and panics, and QEMU ends: that is the proof, a second after the start where virtualisation works.
 */
export async function probeBoot(program: string, arch: Arch, accelerator: Accelerator, kernel: string, signal: AbortSignal): Promise<boolean> {
  const args = qemuArguments({ arch, accelerator, name: "linuxkit-probe", kernel, cmdline: "panic=-1", memoryMiB: 128, cpus: 1, publish: [], disks: [], firmware: [] });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MILLISECONDS)]);
  const qemu = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"], signal: limit, killSignal: "SIGKILL" });
  const closed = new Promise<void>((resolve) => qemu.once("close", () => resolve()));
  qemu.on("error", () => {});
  let panicked = false;
  let tail = "";
  qemu.stdout.setEncoding("latin1").on("data", (chunk: string) => {
    tail = (tail + chunk).slice(-4096);
    panicked ||= tail.includes("Kernel panic - not syncing");
    if (panicked) qemu.kill("SIGKILL");
  });
  await closed;
  signal.throwIfAborted();
  return panicked;
}
