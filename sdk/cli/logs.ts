import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { consoleReader, lastLines, readableLine } from "../../providers/qemu/plugin/console-log.ts";
import { listMachineFolders, type MachineFolder } from "../../providers/qemu/plugin/machine-folder.ts";
import { defaultHostFolders } from "../../providers/qemu/plugin/host-folders.ts";
import { isAlive } from "../../providers/qemu/plugin/process-id.ts";
import { LinuxKitError } from "../core/errors.ts";
import { type Command, UsageError } from "./command.ts";

const POLL_MS = 250;

export const logs: Command = {
  help: `MACHINE is the resource's name, or the start of the id that the list shows.

  --lines N         print only the last N lines                [every line kept]
  --follow, -f      keep printing until the machine stops`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { lines: { type: "string" }, follow: { type: "boolean", short: "f", default: false } },
    });
    const machines = await listMachineFolders(defaultHostFolders().stateDir);
    if (positionals.length === 0) {
      for (const machine of machines) terminal.print(await describe(machine));
      if (machines.length === 0) terminal.note("no local machines");
      return;
    }
    if (positionals.length > 1) throw new UsageError(`got ${positionals.length} machines, wanted one`);
    const folder = chosen(machines, positionals[0] as string);
    const count = values.lines === undefined ? Number.POSITIVE_INFINITY : Number(values.lines);
    if (!(count > 0)) throw new UsageError(`--lines: got "${values.lines}", wanted a number greater than 0`);
    if (!values.follow) {
      for (const line of await lastLines(folder.path, count === Number.POSITIVE_INFINITY ? Number.MAX_SAFE_INTEGER : count))
        terminal.print(line);
      return;
    }
    const read = consoleReader(folder.path);
    for (let alive = true; alive && !terminal.signal.aborted; ) {
      alive = folder.record?.machine !== undefined && (await isAlive(folder.record.machine));
      for (const line of await read()) terminal.print(readableLine(line));
      if (alive) await pause(POLL_MS, undefined, { signal: terminal.signal }).catch(() => {});
    }
  },
};

/** The machine with the wanted id, resource name, or start of an id. @throws NOT_FOUND, INVALID_DEFINITION if several match */
export function chosen(machines: readonly MachineFolder[], wanted: string): MachineFolder {
  const meant = machines.filter(({ id, record }) => id === wanted || record?.urn.endsWith(`::${wanted}`));
  const found = meant.length > 0 ? meant : machines.filter(({ id }) => id.startsWith(wanted));
  const [only, ...others] = found;
  if (only && others.length === 0) return only;
  const known = (only ? found : machines).map(({ id }) => id).join(", ");
  if (only)
    throw new LinuxKitError("INVALID_DEFINITION", `several machines match "${wanted}": ${known}; use the whole id of one`, {
      path: "machine",
    });
  throw new LinuxKitError(
    "NOT_FOUND",
    known ? `local machine "${wanted}" not found, wanted one of ${known}` : `local machine "${wanted}" not found: no local machine exists`,
    { what: wanted },
  );
}

async function describe({ id, record }: MachineFolder): Promise<string> {
  const alive = record?.machine !== undefined && (await isAlive(record.machine));
  return [id, alive ? `pid ${record?.machine?.pid}` : "ended", (record?.publish ?? []).join(" "), record?.urn ?? ""].join("  ");
}
