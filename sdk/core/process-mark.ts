import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** Whether the process that a mark names still runs; `elsewhere` when it belongs to another host, boot or container. */
export type MarkState = "alive" | "dead" | "elsewhere";

// a pid means something only on one host, since one boot, within one pid namespace
const place = createHash("sha256")
  .update(
    [
      hostname(),
      tryRead(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
      tryRead(() => readlinkSync("/proc/self/ns/pid")),
    ].join("\0"),
  )
  .digest("hex")
  .slice(0, 8);

/** Names this process in temporary files and locks, so that those of a killed process can be recognised. */
export const PROCESS_MARK = `${place}-${process.pid}-${startTime(process.pid)}`;

/** The form of {@link PROCESS_MARK}, as a regular expression's source. */
export const MARK_PATTERN = "[0-9a-f]{8}-[0-9]+-[0-9]+";

/** Whether the process that a mark names still runs. Text that is not a mark is `elsewhere`. */
export function markState(mark: string): MarkState {
  if (!new RegExp(`^${MARK_PATTERN}$`).test(mark)) return "elsewhere";
  const [where, pid, started] = mark.split("-") as [string, string, string];
  if (where !== place) return "elsewhere";
  return isRunning(Number(pid)) && startTime(Number(pid)) === Number(started) ? "alive" : "dead";
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

// field 22 of proc_pid_stat(5), in ticks since boot, which distinguishes a process from a later one with its pid; 0 without /proc
function startTime(pid: number): number {
  const stat = tryRead(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? 0);
}

function tryRead(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
