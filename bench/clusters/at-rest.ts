import type { MachineStatus } from "../../sdk/api/request.ts";
import type { NodeFigures } from "./column.ts";
import { KEPT_FREE } from "./kept-free.ts";

/** What the kernel keeps of a machine's memory before it counts MemTotal: itself, and what it knows of each page. */
export const EARLY = "kernel, before MemTotal";
/** What no control group of a service has. */
export const REST = "kernel, PID 1, root in memory";

/** The figures of a machine at rest: those that depend on its state. */
export type AtRest = Pick<NodeFigures, "used" | "memory" | "processes">;

/**
 * The memory of a machine by part. A control group counts files that its services have read, which the kernel drops where memory is
 * short; MemAvailable does not. So the rest may be more than it says, and is 0 where the groups have more than is in use.
 *
 * Source: Linux, Documentation/admin-guide/cgroup-v2.rst, "memory.current"; proc_meminfo(5), "MemAvailable".
 */
export function atRest(memoryMiB: number, { memoryTotal, memoryAvailable, services }: MachineStatus): AtRest {
  const used = memoryTotal - memoryAvailable - KEPT_FREE;
  const groups = services.filter(({ memory }) => memory > 0).map(({ name, memory }) => ({ name, bytes: memory }));
  const inGroups = groups.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    used,
    memory: [{ name: EARLY, bytes: memoryMiB * 2 ** 20 - memoryTotal }, ...groups, { name: REST, bytes: Math.max(0, used - inGroups) }],
    processes: services.reduce((sum, { processes }) => sum + processes, 0),
  };
}
