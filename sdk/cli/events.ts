import { parseArgs } from "node:util";
import type { MachineEvent } from "../api/request.ts";
import { type Command, UsageError } from "./command.ts";
import { askMachine, carryOut, lineReader, MACHINE_HELP, MACHINE_OPTIONS } from "./machine.ts";

export const events: Command = {
  help: `MACHINE is as for \`status\`. The machine keeps the last 1,000. Times are seconds since its kernel
started.

  --follow, -f      go on with what happens
${MACHINE_HELP}, one line for each`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...MACHINE_OPTIONS, follow: { type: "boolean", short: "f", default: false } },
    });
    using asked = await askMachine({ positionals, ...values }, terminal);
    if (asked.rest.length > 0) throw new UsageError(`got "${asked.rest.join(" ")}" after the machine, wanted nothing`);
    const lines = lineReader((line) => terminal.print(values.json ? line : eventLine(JSON.parse(line) as MachineEvent)));
    await carryOut(asked.connection, { method: "events", follow: values.follow }, terminal, lines.onOutput);
  },
};

function eventLine({ seconds, stage, name = "", state = "", message = "" }: MachineEvent): string {
  const words = [stage, name, state].filter(Boolean).join(" ");
  return `${seconds.toFixed(2).padStart(10)}  ${words}${message && `: ${message}`}`;
}
