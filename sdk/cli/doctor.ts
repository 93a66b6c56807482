import { parseArgs } from "node:util";
import { examine } from "../doctor/examine.ts";
import { type HostNeeds, machineChecks, updateChecks } from "../doctor/host.ts";
import { isRefused, reportLines } from "../doctor/report.ts";
import { type Command, ExitStatus, UsageError } from "./command.ts";
import { archOption } from "./load-image.ts";

export const doctor: Command = {
  help: `Reads only: it creates nothing, here or in a cloud. Prints a table of what it found, each \`ok\`, \`warning\` or
\`refused\`, with what to do. The exit status is 1 if something is refused. Checks what machines in QEMU need of this host:
Node, the Pulumi engine, the plugin, QEMU, virtualisation, memory and folders.

  --arch ARCH       the machines' architecture                 [amd64]
  --memory MIB      MiB of memory of all machines together     [256]
  --json            print the findings as JSON`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        arch: { type: "string", default: "amd64" },
        memory: { type: "string", default: "256" },
        json: { type: "boolean", default: false },
      },
    });
    if (positionals.length > 0) throw new UsageError(`got ${positionals[0]}, wanted options only`);
    const needs: HostNeeds = {
      arch: archOption(values.arch),
      memoryMiB: wholeNumber("--memory", values.memory),
      projectDir: process.cwd(),
      node: process.versions.node,
      env: process.env,
    };
    const findings = await examine([...updateChecks(needs), ...machineChecks(needs)], terminal.signal);
    if (values.json) terminal.print(JSON.stringify({ findings }, null, 2));
    else for (const line of reportLines(findings)) terminal.print(line);
    if (isRefused(findings)) throw new ExitStatus(1);
  },
};

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new UsageError(`${name}: got "${text}", wanted a whole number of at least 1`);
  return Number(text);
}
