import { shortened } from "./shortened.ts";

/** A machine, or a fleet of machines, that a change of its operating system replaces. */
export interface ReplacedMachines {
  /** The name of its resource. */
  readonly name: string;
  /** How many machines it is. */
  readonly count: number;
}

/** The most names in one line; the rest is counted. */
const MOST = 20;

/** The machines in one line: `replaces 4 machines: web-group (3), db-vm (1)`. */
export function machinesLine(machines: readonly ReplacedMachines[]): string {
  const all = machines.reduce((sum, { count }) => sum + count, 0);
  const named = machines.slice(0, MOST).map(({ name, count }) => `${shortened(name)} (${count})`);
  const more = machines.length > MOST ? ` and ${machines.length - MOST} more` : "";
  return `replaces ${all} machine${all === 1 ? "" : "s"}: ${named.join(", ")}${more}`;
}
