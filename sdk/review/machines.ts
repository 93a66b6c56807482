/** A machine, or a fleet of machines, that a change of its operating system replaces. */
export interface ReplacedMachines {
  /** The name of its resource. */
  readonly name: string;
  /** How many machines it is. */
  readonly count: number;
}

/** The machines in one line: `replaces 4 machines: web-group (3), db-vm (1)`. */
export function machinesLine(machines: readonly ReplacedMachines[]): string {
  const all = machines.reduce((sum, { count }) => sum + count, 0);
  return `replaces ${all} machine${all === 1 ? "" : "s"}: ${machines.map(({ name, count }) => `${name} (${count})`).join(", ")}`;
}
