import { setTimeout as sleep } from "node:timers/promises";
import { floorCommandLine, floorSeconds } from "./floor.ts";
import { boot, type BootOptions } from "./qemu.ts";

type Counted = Pick<BootOptions, "kernel" | "initrd" | "cmdline" | "memoryMiB">;

/** The stages of a boot whose clock counts instructions, in seconds of the guest's. */
export async function countedBoot(machine: Counted): Promise<Readonly<Record<string, number>> & { readonly healthy: number }> {
  await using running = await boot({ ...machine, counted: true });
  const { seconds } = await running.until("health", ({ stage }) => stage === "healthy");
  const stages: Record<string, number> = {};
  for (const line of running.lines) stages["name" in line ? `${line.stage} ${line.name} ${line.state}` : line.stage] ??= line.seconds;
  return { ...stages, healthy: seconds };
}

/** Seconds until the floor's init runs: see {@link floorInitrd} and {@link floorCommandLine}. */
export async function countedFloor({ cmdline, ...machine }: Counted): Promise<number> {
  await using running = await boot({ ...machine, cmdline: floorCommandLine(cmdline), counted: true });
  for (;;) {
    const over = await Promise.race([running.ended.then(() => true), sleep(50, false)]);
    const seconds = floorSeconds(running.console());
    if (seconds !== undefined) return seconds;
    if (over) throw new Error(`the floor was not reached; the console:\n${running.console()}`);
  }
}
