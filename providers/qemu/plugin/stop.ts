import { setTimeout as sleep } from "node:timers/promises";
import { parseConsoleLine } from "../../../sdk/guest/console.ts";
import { pressPower } from "./arguments.ts";
import { consoleReader } from "./console-log.ts";
import type { MachineFolder } from "./machine-folder.ts";
import { withMonitor } from "./monitor.ts";
import { isAlive, type ProcessId, signalProcess, waitForEnd } from "./process-id.ts";

/** How long an ordered end may take, in milliseconds. */
export interface StopLimits {
  /** Until the guest reports that it begins to shut down. @default 10000 */
  readonly begin?: number;
  /** Until it is off, once it has begun. @default 60000 */
  readonly end?: number;
}

/**
 * Ends a machine in order: presses its power button, and where the guest takes it up, waits until it is off; else, or
 * when it takes too long, {@link killMachine}.
 */
export async function stopMachine(folder: MachineFolder, limits: StopLimits = {}, signal?: AbortSignal): Promise<void> {
  const machine = folder.record?.machine;
  if (machine && (await isAlive(machine))) await pressPowerButton(folder, machine, limits, signal);
  await killMachine(folder);
}

async function pressPowerButton(
  { path, record }: MachineFolder,
  machine: ProcessId,
  limits: StopLimits,
  signal: AbortSignal | undefined,
): Promise<void> {
  const read = consoleReader(path);
  await read();
  const press = (): Promise<unknown> => withMonitor(path, (execute) => pressPower(record?.inputs.arch ?? "amd64", execute));
  let until = performance.now() + (limits.begin ?? 10_000);
  let nextPress = 0;
  let begun = false;
  while (!signal?.aborted && performance.now() < until && (await isAlive(machine))) {
    const reports = (await read()).map((line) => parseConsoleLine(line, record?.nonce ?? ""));
    if (!begun && reports.some((report) => report?.stage === "shutdown")) {
      begun = true;
      until = performance.now() + (limits.end ?? 60_000);
    }
    if (!begun && performance.now() > nextPress) {
      // a guest that has just become healthy may not have found its button yet: the press is lost, and made again
      await press();
      nextPress = performance.now() + 1000;
    }
    await sleep(50);
  }
}

/** Ends a machine at once: asks QEMU over its own socket, which cannot be anybody else's, then by signals to that very process. */
export async function killMachine({ path, record }: MachineFolder): Promise<void> {
  await withMonitor(path, (execute) => execute("quit")).catch(() => undefined);
  const machine = record?.machine;
  if (!machine || (await waitForEnd(machine, 2000))) return;
  await signalProcess(machine, "SIGTERM");
  if (await waitForEnd(machine, 2000)) return;
  await signalProcess(machine, "SIGKILL");
  await waitForEnd(machine, 10_000);
}
