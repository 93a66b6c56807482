import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { consoleReader, lastLines, readableLine } from "../../providers/qemu/plugin/console-log.ts";
import { listMachineFolders, type MachineFolder } from "../../providers/qemu/plugin/machine-folder.ts";
import { defaultHostFolders } from "../../providers/qemu/plugin/host-folders.ts";
import { isAlive } from "../../providers/qemu/plugin/process-id.ts";
import { type Command, type Terminal, UsageError } from "./command.ts";
import { chosen } from "./local-machine.ts";
import { askMachine, carryOut, lineReader, type MachineChoice, MACHINE_HELP, MACHINE_OPTIONS } from "./machine.ts";

const POLL_MS = 250;

export const logs: Command = {
  help: `MACHINE is the resource's name, or the start of the id that the list shows. SERVICE may also be a
task.

  --lines N         print only the last N lines                [every line kept]
  --follow, -f      keep printing until the machine stops
${MACHINE_HELP}: one { line } for each`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...MACHINE_OPTIONS, lines: { type: "string" }, follow: { type: "boolean", short: "f", default: false } },
    });
    const count = values.lines === undefined ? Number.POSITIVE_INFINITY : Number(values.lines);
    if (!(count > 0)) throw new UsageError(`--lines: got "${values.lines}", wanted a number greater than 0`);
    const print = (line: string): void => terminal.print(values.json ? JSON.stringify({ line }) : line);
    // an address stands for the machine
    if (positionals.length === (values.address === undefined ? 2 : 1)) return printLog({ ...values, positionals, count }, terminal, print);
    if (values.address !== undefined) throw new UsageError("wanted the name of a service or a task, for --address");
    const machines = await listMachineFolders(defaultHostFolders().stateDir);
    if (positionals.length === 0) {
      for (const machine of machines) terminal.print(values.json ? JSON.stringify(await facts(machine)) : await describe(machine));
      if (machines.length === 0) terminal.note("no local machines");
      return;
    }
    if (positionals.length > 2) throw new UsageError(`got ${positionals.length} names, wanted a machine and a service`);
    const folder = chosen(machines, positionals[0] as string);
    if (!values.follow) {
      for (const line of await lastLines(folder.path, count === Number.POSITIVE_INFINITY ? Number.MAX_SAFE_INTEGER : count)) print(line);
      return;
    }
    const read = consoleReader(folder.path);
    for (let alive = true; alive && !terminal.signal.aborted; ) {
      alive = folder.record?.machine !== undefined && (await isAlive(folder.record.machine));
      for (const line of await read()) print(readableLine(line));
      if (alive) await pause(POLL_MS, undefined, { signal: terminal.signal }).catch(() => {});
    }
  },
};

/** Prints the log of a service, or of a task. */
async function printLog(
  { count, follow, ...choice }: MachineChoice & { readonly count: number; readonly follow: boolean },
  terminal: Terminal,
  print: (line: string) => void,
): Promise<void> {
  using asked = await askMachine(choice, terminal);
  const [name = ""] = asked.rest;
  const lines = lineReader((line) => print(readableLine(line)));
  const limit = Number.isFinite(count) && { lines: Math.floor(count) };
  await carryOut(asked.connection, { method: "logs", name, follow, ...limit }, terminal, lines.onOutput);
  lines.end();
}

interface Facts {
  readonly id: string;
  readonly pid: number | undefined;
  readonly publish: readonly string[];
  readonly urn: string;
}

async function facts({ id, record }: MachineFolder): Promise<Facts> {
  const alive = record?.machine !== undefined && (await isAlive(record.machine));
  return { id, pid: alive ? record?.machine?.pid : undefined, publish: record?.publish ?? [], urn: record?.urn ?? "" };
}

async function describe(machine: MachineFolder): Promise<string> {
  const { id, pid, publish, urn } = await facts(machine);
  return [id, pid === undefined ? "ended" : `pid ${pid}`, publish.join(" "), urn].join("  ");
}
