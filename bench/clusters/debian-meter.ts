import { type AtRest, EARLY, REST } from "./at-rest.ts";
import type { Bytes } from "./column.ts";
import { checkKeptFree, KEPT_FREE } from "./kept-free.ts";

/**
 * Prints the release of the kernel, two numbers of /proc/meminfo, /proc/zoneinfo, and each control group of systemd with its bytes and
 * its processes and threads.
 */
export const METER_SCRIPT = `
read -r release </proc/sys/kernel/osrelease
echo "kernel $release"
while read -r name kilobytes rest; do
  case $name in MemTotal: | MemAvailable:) echo "$name $kilobytes" ;; esac
done </proc/meminfo
/bin/busybox cat /proc/zoneinfo
cd /sys/fs/cgroup
for group in init.scope user.slice system.slice/*.*; do
  [ -f "$group/memory.current" ] || continue
  read -r memory <"$group/memory.current"
  read -r processes <"$group/pids.current"
  echo "group \${group##*/} $memory $processes"
done
`;

/** What starts processes that answer the meter. */
const METER = "meter.service";
/** Where PID 1 of systemd is: it belongs to the rest, as that of the others does. */
const INIT = "init.scope";

/** The figures of a Debian from its meter's answer, without the meter. A container is a scope named by its digits (systemd as Docker's cgroup driver). */
export function debianAtRest(memoryMiB: number, answer: string): AtRest & { readonly kernel: string } {
  const kernel = /^kernel (\S+)$/m.exec(answer)?.[1];
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(answer)?.[1] ?? Number.NaN);
  const [total, available] = [kilobytes("MemTotal") * 1024, kilobytes("MemAvailable") * 1024];
  if (kernel === undefined || !Number.isFinite(total) || !Number.isFinite(available))
    throw new Error(`Debian's meter: got ${JSON.stringify(answer.slice(0, 500))}, wanted its kernel, MemTotal and MemAvailable`);
  const groups = [...answer.matchAll(/^group (\S+) (\d+) (\d+)$/gm)].map(([, name = "", bytes, processes]) => ({
    name: name.replace(/^docker-[0-9a-f]{64}\.scope$/, "container").replace(/\.(service|slice|scope)$/, ""),
    isMeter: name === METER,
    isInit: name === INIT,
    bytes: Number(bytes),
    processes: Number(processes),
  }));
  const services = groups.filter(({ isMeter, isInit, bytes }) => !isMeter && !isInit && bytes > 0);
  const sum = (of: readonly Bytes[]): number => of.reduce((all, { bytes }) => all + bytes, 0);
  checkKeptFree("Debian", answer);
  const used = total - available - KEPT_FREE - sum(groups.filter(({ isMeter }) => isMeter));
  return {
    kernel,
    used,
    memory: [
      { name: EARLY, bytes: memoryMiB * 2 ** 20 - total },
      ...services.map(({ name, bytes }) => ({ name, bytes })),
      { name: REST, bytes: Math.max(0, used - sum(services)) },
    ],
    processes: services.reduce((all, { processes }) => all + processes, 0),
  };
}
