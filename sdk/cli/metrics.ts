import { parseArgs } from "node:util";
import { type Command, UsageError } from "./command.ts";
import { answerTo, askMachine, MACHINE_HELP, MACHINE_OPTIONS } from "./machine.ts";

export const metrics: Command = {
  help: `MACHINE is as for \`status\`. A node_exporter serves them from a file of its textfile collector.

${MACHINE_HELP}: a list of { name, labels, value }`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: MACHINE_OPTIONS });
    using asked = await askMachine({ positionals, ...values }, terminal);
    if (asked.rest.length > 0) throw new UsageError(`got "${asked.rest.join(" ")}" after the machine, wanted nothing`);
    const lines = (await answerTo(asked.connection, { method: "metrics" }, terminal)).trimEnd().split("\n");
    if (values.json) terminal.print(JSON.stringify(lines.filter((line) => !line.startsWith("#")).map(sampleOf)));
    else for (const line of lines) terminal.print(line);
  },
};

/** A sample of the text format: `name{label="value"} 1.5`. */
function sampleOf(line: string): object {
  const [, name = "", labels = "", value = ""] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text = ""]) => [
    label,
    text.replace(/\\(.)/g, (_, letter: string) => (letter === "n" ? "\n" : letter)),
  ]);
  return { name, labels: Object.fromEntries(pairs), value: Number(value) };
}
