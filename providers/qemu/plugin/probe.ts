import { spawn } from "node:child_process";
import type { Arch } from "../../../sdk/core/arch.ts";
import { type Accelerator, type MachineSpec, qemuArguments } from "./arguments.ts";
import type { QemuProgram } from "./qemu-program.ts";

/** Milliseconds until a probe counts as failed. */
const PATIENCE_MILLISECONDS = 8000;

/** The last line of a kernel without an init, or the first report of this library's init. */
const UP = /Kernel panic - not syncing|^linuxkit \S+ \d+\.\d+ /m;

/** What a probe boots: a kernel alone, or a disk. */
export type Probed = Pick<MachineSpec, "kernel" | "boot">;

/**
 * Boots a kernel alone under an accelerator, or a disk until its guest's first report. A kernel that boots finds no init and
 * panics, and QEMU ends: where virtualisation works, that takes one second.
 */
export async function probeBoot(
  { path, sandbox, runAs }: Pick<QemuProgram, "path" | "sandbox" | "runAs">,
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
    outbound: false,
    sandbox,
    runAs,
  });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MILLISECONDS * (probed.boot ? 2 : 1))]);
  const qemu = spawn(path, args, { stdio: ["ignore", "pipe", "ignore"], signal: limit, killSignal: "SIGKILL" });
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
