import { parseArgs } from "node:util";
import type { Asked, GivenMachines } from "../doctor/cloud.ts";
import { CLOUDS, examineCloud } from "../doctor/clouds.ts";
import { examine } from "../doctor/examine.ts";
import { type HostNeeds, machineChecks, updateChecks } from "../doctor/host.ts";
import { packagesOf } from "../doctor/packages.ts";
import { findProgram, type Program, runProgram } from "../doctor/program.ts";
import { isRefused, reportLines } from "../doctor/report.ts";
import { type Command, ExitStatus, type Terminal, UsageError } from "./command.ts";
import { archOption } from "./load-image.ts";
import { pairs } from "./pairs.ts";

const OPTIONS = {
  arch: { type: "string", default: "amd64" },
  memory: { type: "string", default: "256" },
  json: { type: "boolean", default: false },
  cloud: { type: "string" },
  program: { type: "string" },
  stack: { type: "string" },
  config: { type: "string", multiple: true, default: [] as string[] },
  policy: { type: "boolean", default: false },
  "instance-type": { type: "string" },
  count: { type: "string", default: "1" },
  subnet: { type: "string", multiple: true, default: [] as string[] },
  group: { type: "string", multiple: true, default: [] as string[] },
  port: { type: "string" },
  region: { type: "string" },
  profile: { type: "string" },
  account: { type: "string" },
  project: { type: "string" },
  zone: { type: "string" },
  subscription: { type: "string" },
  "resource-group": { type: "string" },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

export const doctor: Command = {
  help: `Reads only: it creates nothing, here or in a cloud. Prints a table of what it found, each \`ok\`, \`warning\` or
\`refused\`, with what to do. The exit status is 1 if something is refused. Without --cloud it checks what machines in
QEMU need of this host: Node, the Pulumi engine, the plugin, QEMU, virtualisation, memory and folders. With --cloud it
checks, with the credentials of an update, the rights, quotas, encryption, instance types, subnets and firewalls of the
account, and prints the smallest policy that an update needs.

  --cloud NAME      ${Object.keys(CLOUDS).join(", ")}
  --program PATH    the Pulumi program to check for: its module, or its folder; it runs without the engine
  --stack NAME      the program's configuration: Pulumi.NAME.yaml
  --config KEY=VALUE  one more value of it; repeatable
  --instance-type TYPE, --count N, --subnet ID, --group ID, --port N
                    instead of a program: machines, their subnets, security groups or network tags, and the port of health checks;
                    --subnet and --group are repeatable
  --policy          print only the policy, as the cloud takes it
  --region NAME     the region                                 [the configuration's, else the environment's]
  --profile NAME    AWS: a profile of the shared files
  --account ID      AWS: the account that the credentials must be of
  --project ID, --zone NAME  Google Cloud: the project, and the zone of machines
  --subscription ID, --resource-group NAME  Azure
  --arch ARCH       the machines' architecture                 [amd64]
  --memory MIB      QEMU: MiB of memory of all machines        [256]
  --json            print the findings, and the policy, as JSON`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
    if (positionals.length > 0) throw new UsageError(`got ${positionals[0]}, wanted options only`);
    const needs: HostNeeds = {
      arch: archOption(values.arch),
      memoryMiB: wholeNumber("--memory", values.memory),
      projectDir: process.cwd(),
      node: process.versions.node,
      env: process.env,
    };
    const { cloud } = values;
    if (cloud === undefined && values.policy) throw new UsageError("--policy: got no --cloud, wanted one: this host needs no policy");
    const { findings, policy } =
      cloud === undefined
        ? { findings: await examine([...updateChecks(needs), ...machineChecks(needs)], terminal.signal), policy: undefined }
        : await ofCloud(cloud, values, needs, terminal);
    // without the cloud's packages there is none, and the table says so
    if (values.policy && policy) return terminal.print(JSON.stringify(policy, null, 2));
    if (values.json) terminal.print(JSON.stringify({ findings, policy }, null, 2));
    else {
      for (const line of reportLines(findings)) terminal.print(line);
      if (policy) terminal.print(`\nThe smallest policy for this:\n${JSON.stringify(policy, null, 2)}`);
    }
    if (isRefused(findings)) throw new ExitStatus(1);
  },
};

async function ofCloud(name: string, values: Values, needs: HostNeeds, { signal }: Terminal) {
  const entry = Object.hasOwn(CLOUDS, name) ? CLOUDS[name] : undefined;
  if (!entry) throw new UsageError(`--cloud: got "${name}", wanted one of ${Object.keys(CLOUDS).join(", ")}`);
  const { program: path, stack, config, policy: onlyPolicy } = values;
  const installed = packagesOf(entry.stock);
  // without them nothing of the cloud can be loaded
  if (isRefused(installed)) return { findings: installed, policy: undefined };
  const found = path === undefined ? undefined : await findProgram(path, stack, pairs("--config", "KEY=VALUE", config));
  const doctor = await entry.load();
  const asked = await askedOf(values, found, needs, (asked) => doctor.answers(asked), signal);
  if (onlyPolicy) return { findings: [], policy: doctor.policy(asked) };
  return examineCloud(doctor, asked, updateChecks({ ...needs, projectDir: found?.folder ?? needs.projectDir }), signal);
}

/** What the cloud is asked: about the program's resources, or about the machines of the options. */
async function askedOf(
  values: Values,
  program: Program | undefined,
  { arch, env }: HostNeeds,
  answers: (asked: Asked) => Parameters<typeof runProgram>[1],
  signal: AbortSignal,
): Promise<Asked> {
  const { "instance-type": instanceType, port, region, profile, account, project, zone, subscription } = values;
  if (program && instanceType !== undefined) throw new UsageError("got both --program and --instance-type, wanted one");
  const asked: Asked = {
    place: { region, profile, account, project, zone, subscription, "resource-group": values["resource-group"] },
    config: program?.config ?? {},
    env,
    resources: undefined,
    machines:
      instanceType === undefined
        ? undefined
        : { ...machinesOf(values), instanceType, arch, port: port === undefined ? undefined : wholeNumber("--port", port) },
  };
  return program ? { ...asked, resources: await runProgram(program, answers(asked), signal) } : asked;
}

function machinesOf({ count, subnet, group }: Values): Pick<GivenMachines, "count" | "subnets" | "groups"> {
  return { count: wholeNumber("--count", count), subnets: subnet, groups: group };
}

function wholeNumber(name: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new UsageError(`${name}: got "${text}", wanted a whole number of at least 1`);
  return Number(text);
}
