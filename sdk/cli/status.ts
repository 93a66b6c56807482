import { parseArgs, styleText } from "node:util";
import type { MachineStatus, ServiceStatus } from "../api/request.ts";
import { printable } from "../core/printable.ts";
import { type Command, UsageError } from "./command.ts";
import { answerTo, askMachine, MACHINE_HELP, MACHINE_OPTIONS } from "./machine.ts";

export const status: Command = {
  help: `MACHINE is the resource's name, or the start of the id that \`logs\` lists.

${MACHINE_HELP}`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: MACHINE_OPTIONS });
    using asked = await askMachine({ positionals, ...values }, terminal);
    if (asked.rest.length > 0) throw new UsageError(`got "${asked.rest.join(" ")}" after the machine, wanted nothing`);
    const text = await answerTo(asked.connection, { method: "status" }, terminal);
    if (values.json) return terminal.print(text.trimEnd());
    for (const line of statusLines(JSON.parse(text) as MachineStatus)) terminal.printStyled(line);
  },
};

/** The status as lines of text. `services` are the cells of the table, one row each. */
export function statusLines(
  machine: MachineStatus,
  services: readonly string[][] = machine.services.map((one) => cells(one, machine)),
): string[] {
  const health = machine.healthy ? paint("green", "healthy") : paint("red", "not healthy");
  const used = `${size(machine.memoryTotal - machine.memoryAvailable)} of ${size(machine.memoryTotal)} used`;
  const lines = [
    `${health}, up ${duration(machine.uptime)}, ${used}, kernel ${printable(machine.kernel)}, boot ${printable(machine.bootId)}`,
  ];
  for (const { name, phase, state, message = "" } of machine.tasks) {
    if (state !== "ok") lines.push(printable(`${phase} ${name}: ${state} ${message}`));
  }
  return [...lines, "", ...table([["SERVICE", "STATE", "SINCE", "RESTARTS", "MEMORY", "CPU", "PROCESSES"], ...services])];
}

function cells(service: ServiceStatus, machine: MachineStatus): string[] {
  return [...stateCells(service, machine), `${service.cpuSeconds.toFixed(1)} s`, String(service.processes)];
}

/** A service's name, state, time in that state, restarts and memory. */
export function stateCells({ name, state, message, since, restarts, memory }: ServiceStatus, { uptime }: MachineStatus): string[] {
  const colour = state === "ok" ? "green" : state.startsWith("down") || state === "unhealthy" ? "red" : "yellow";
  const shown = printable(message === undefined ? state : `${state}: ${message}`);
  return [printable(name), paint(colour, shown), duration(uptime - since), String(restarts), memory > 0 ? size(memory) : "-"];
}

function table(rows: readonly string[][]): string[] {
  const width = (cell: string): number => cell.replace(/\u001b\[\d+m/g, "").length;
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ""))));
  return rows.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat((widths[column] as number) - width(cell)))
      .join("  ")
      .trimEnd(),
  );
}

function paint(colour: "green" | "red" | "yellow", text: string): string {
  return styleText(colour, text, { stream: process.stdout });
}

/** Seconds as `3 d 4 h`, `5 min` or `12 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`;
}

function size(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
