import { setTimeout as sleep } from "node:timers/promises";
import { parseConsoleLine } from "../../../sdk/guest/console.ts";
import { pressPower } from "./arguments.ts";
import { consoleReader } from "./console-log.ts";
import type { MachineFolder } from "./machine-folder.ts";
import { withMonitor } from "./monitor.ts";
import { isAlive, type ProcessId, signalProcess, waitForEnd } from "./process-id.ts";

/** Milliseconds that an orderly shutdown may take. */
export interface StopLimits {
  /** Until the guest reports that it is shutting down. @default 10000 */
  readonly begin?: number;
  /** From then until it is off. @default 60000 */
  readonly end?: number;
}

/**
 * Shuts a machine down: presses its power button, and waits until it is off if the guest reacts. If it does not react, or
 * takes too long, {@link killMachine}.
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
      // a guest that has just become healthy may not watch its button yet: press it again
      await press();
      nextPress = performance.now() + 1000;
    }
    await sleep(50);
  }
}

/** Stops a machine at once: by a command over QEMU's own socket, then by signals to exactly that process. */
export async function killMachine({ path, record }: MachineFolder): Promise<void> {
  await withMonitor(path, (execute) => execute("quit")).catch(() => undefined);
  const machine = record?.machine;
  if (!machine || (await waitForEnd(machine, 2000))) return;
  await signalProcess(machine, "SIGTERM");
  if (await waitForEnd(machine, 2000)) return;
  await signalProcess(machine, "SIGKILL");
  await waitForEnd(machine, 10_000);
}
