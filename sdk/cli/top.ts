import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { MachineStatus, ServiceStatus } from "../api/request.ts";
import { type Command, UsageError } from "./command.ts";
import { answerTo, askMachine, MACHINE_HELP, MACHINE_OPTIONS } from "./machine.ts";
import { stateCells, statusLines } from "./status.ts";

export const top: Command = {
  help: `MACHINE is as for \`status\`. CPU is the share of one processor since the last time.

  --interval SECONDS  how often                                  [2]
  --count N           end after so many times                    [until Ctrl-C]
${MACHINE_HELP}, one line each time`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...MACHINE_OPTIONS, interval: { type: "string", default: "2" }, count: { type: "string" } },
    });
    const interval = Number(values.interval);
    if (!(interval >= 0.1 && interval <= 3600))
      throw new UsageError(`--interval: got "${values.interval}", wanted seconds from 0.1 to 3600`);
    const count = values.count === undefined ? Number.POSITIVE_INFINITY : Number(values.count);
    if (!(count >= 1)) throw new UsageError(`--count: got "${values.count}", wanted a number from 1`);
    using asked = await askMachine({ positionals, ...values }, terminal);
    if (asked.rest.length > 0) throw new UsageError(`got "${asked.rest.join(" ")}" after the machine, wanted nothing`);
    let before: MachineStatus | undefined;
    for (let shown = 0; shown < count && !terminal.signal.aborted; shown++) {
      if (shown > 0) await pause(interval * 1000, undefined, { signal: terminal.signal }).catch(() => {});
      if (terminal.signal.aborted) return;
      const text = await answerTo(asked.connection, { method: "status" }, terminal);
      if (values.json) {
        terminal.print(text.trimEnd());
        continue;
      }
      const now = JSON.parse(text) as MachineStatus;
      const lines = statusLines(now, topCells(now, before));
      // from the top of a cleared screen
      terminal.printStyled(`${process.stdout.isTTY ? "\u001b[H\u001b[2J" : ""}${lines.join("\n")}`);
      before = now;
    }
  },
};

/** The cells of the services, the busiest first. */
function topCells(now: MachineStatus, before: MachineStatus | undefined): string[][] {
  const earlier = new Map(before?.services.map((service) => [service.name, service]));
  const seconds = before ? now.uptime - before.uptime : now.uptime;
  const spent = (service: ServiceStatus): number => {
    const used = service.cpuSeconds - (earlier.get(service.name)?.cpuSeconds ?? 0);
    return seconds > 0 ? Math.max(0, (100 * used) / seconds) : 0;
  };
  return [...now.services]
    .map((service) => ({ service, share: spent(service) }))
    .sort((a, b) => b.share - a.share || b.service.memory - a.service.memory)
    .map(({ service, share }) => [...stateCells(service, now), `${share.toFixed(1)} %`, String(service.processes)]);
}
