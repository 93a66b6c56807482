import { execFile } from "node:child_process";
import { readFile, readlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/** Identifies a process: pids are reused, but not together with a start time. */
export interface ProcessId {
  readonly pid: number;
  /** On Linux this boot's id and the start in clock ticks since boot (proc(5), stat, field 22); elsewhere what `ps` prints. */
  readonly started: string;
  /** On Linux its PID namespace (pid_namespaces(7)); without it, that of the host. */
  readonly space?: string | undefined;
}

/** The process with this pid; undefined if it does not exist or is a zombie. */
export async function identify(pid: number): Promise<ProcessId | undefined> {
  if (process.platform !== "linux") {
    const { stdout } = await promisify(execFile)("ps", ["-o", "lstart=", "-p", String(pid)]).catch(() => ({ stdout: "" }));
    return stdout.trim() ? { pid, started: stdout.trim() } : undefined;
  }
  const stat = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => undefined);
  // the second field is a name in parentheses, which may itself contain parentheses and spaces
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (!fields || fields[0] === "Z" || fields[0] === "X") return undefined;
  return { pid, started: `${await thisBoot()}:${fields[19]}`, space: await ownSpace() };
}

async function thisBoot(): Promise<string> {
  return (await readFile("/proc/sys/kernel/random/boot_id", "latin1")).trim();
}

/** Of this process: a pid means something in it only. */
function ownSpace(): Promise<string | undefined> {
  return readlink("/proc/self/ns/pid").catch(() => undefined);
}

/** Whether exactly this process still runs. */
export async function isAlive(process: ProcessId): Promise<boolean> {
  return (await identify(process.pid))?.started === process.started;
}

/**
 * Whether the process has surely ended. That of a container which shares the state folder is not seen from here: it counts as
 * running until the host starts again.
 */
export async function hasEnded(process: ProcessId): Promise<boolean> {
  const isElsewhere = process.space !== undefined && process.space !== (await ownSpace());
  if (isElsewhere && process.started.startsWith(`${await thisBoot()}:`)) return false;
  return !(await isAlive(process));
}

/** Waits until the process has ended; false if it still runs after `milliseconds`. */
export async function waitForEnd(process: ProcessId, milliseconds: number): Promise<boolean> {
  const until = performance.now() + milliseconds;
  while (await isAlive(process)) {
    if (performance.now() > until) return false;
    await sleep(20);
  }
  return true;
}

/** Sends a signal to exactly this process; does nothing if it has ended or another process has its pid. */
export async function signalProcess(target: ProcessId, signal: NodeJS.Signals): Promise<void> {
  if (!(await isAlive(target))) return;
  try {
    process.kill(target.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
