import { execFileSync } from "node:child_process";

/** What a command took: CPU seconds of all its threads, user and system, and its peak of memory. */
export interface Used {
  readonly seconds: number;
  readonly peakMB: number;
}

// the same meter for every program, whatever it is written in: getrusage(2) of a child that has ended
const METER = `import json, resource, subprocess, sys
status = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"status": status, "seconds": used.ru_utime + used.ru_stime, "peakMB": used.ru_maxrss * 1024 / 1e6}))`;

/** Runs a command and measures it. CPU seconds change little with the load of the machine, unlike the clock. */
export function cpuOf(command: readonly string[], env: Readonly<Record<string, string>> = {}): Used {
  const printed = execFileSync("python3", ["-c", METER, ...command], { encoding: "utf8", env: { ...process.env, ...env } });
  const { status, ...used } = JSON.parse(printed) as Used & { status: number };
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}`);
  return used;
}
