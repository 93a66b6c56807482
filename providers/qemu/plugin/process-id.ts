import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/** A process that cannot be taken for another one: numbers are used again, a start time is not. */
export interface ProcessId {
  readonly pid: number;
  /** On Linux this boot's id and the start in clock ticks since boot (proc(5), stat, field 22); elsewhere what `ps` prints. */
  readonly started: string;
}

/** The process that has this number now; undefined when there is none, or only its remains wait to be collected. */
export async function identify(pid: number): Promise<ProcessId | undefined> {
  if (process.platform !== "linux") {
    const { stdout } = await promisify(execFile)("ps", ["-o", "lstart=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
    return stdout.trim() ? { pid, started: stdout.trim() } : undefined;
  }
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => undefined);
  // the second field is a name in brackets, which may itself hold brackets and spaces
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (!fields || fields[0] === "Z" || fields[0] === "X") return undefined;
  const boot = (await readFile("/proc/sys/kernel/random/boot_id", "latin1")).trim();
  return { pid, started: `${boot}:${fields[19]}` };
}

/** Whether that very process still runs. */
export async function isAlive(process: ProcessId): Promise<boolean> {
  return (await identify(process.pid))?.started === process.started;
}

/** Waits until the process has ended; false when it still runs after `milliseconds`. */
export async function waitForEnd(process: ProcessId, milliseconds: number): Promise<boolean> {
  const until = performance.now() + milliseconds;
  while (await isAlive(process)) {
    if (performance.now() > until) return false;
    await sleep(20);
  }
  return true;
}

/** Sends a signal to that very process; nothing happens when it is gone or its number belongs to another one. */
export async function signalProcess(target: ProcessId, signal: NodeJS.Signals): Promise<void> {
  if (!(await isAlive(target))) return;
  try {
    process.kill(target.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
