import { basename, resolve } from "node:path";
import { parseArgs } from "node:util";
import { checkVm } from "../../providers/qemu/plugin/check-vm.ts";
import type { EmptyDisk } from "../../providers/qemu/plugin/start.ts";
import type { VmInputs } from "../../providers/qemu/plugin/vm-inputs.ts";
import { goesOut } from "../../providers/qemu/goes-out.ts";
import { checkProcessors } from "../../providers/qemu/processors.ts";
import { checkPublished } from "../../providers/qemu/published-ports.ts";
import { ARCHES, type Arch } from "../core/arch.ts";
import type { Definition } from "../definition/definition.ts";
import { type Command, onlyOne, UsageError } from "./command.ts";
import { knownDefinition } from "../definition/known-definition.ts";
import { archOption, loadImage } from "./load-image.ts";
import { buildAndRun } from "./run-machine.ts";
import { runSecrets } from "./run-secrets.ts";
import { SOURCE_HELP, SOURCE_OPTIONS, sourceOptions } from "./source-options.ts";
import { STANDARD_INPUT } from "./text-file.ts";

export const run: Command = {
  help: `FILE is as for \`build\`. The OS is built into the cache and started as a machine of \`pulumi up\` is. Once its services
are healthy, its address is printed. Ctrl-C shuts it down, and nothing of it is left; a second Ctrl-C kills it.

  --publish [ADDRESS:]HOST:GUEST[/tcp|udp]
                    a port of the guest that this host answers on; host port 0 is any
                    free one; repeatable                       [none]
  --memory MIB      memory                                     [256]
  --cpus N          processors                                 [1]
  --disk NAME=MIB   an empty disk with this serial, for a volume; it is removed at the
                    end; repeatable                            [none]
  --disk NAME=FILE  a raw disk image that stays; repeatable
  --secret SERVICE.NAME=FILE
                    the value of a service's secret: the whole file; repeatable
  --image NAME      the export to run                          [the only one]
  --arch ARCH       ${ARCHES.join(", ")}                       [amd64]
  --name NAME       the machine's name, for \`logs\`, \`status\` and \`exec\`  [FILE's base name]
  --timeout SECONDS until the services must be healthy         [300]
  --no-health       do not wait for health: for an OS with another init
  --keep            keep a machine that is not healthy until Ctrl-C, for a look inside
  --console         print its console
${SOURCE_HELP}`,

  async run(args, terminal) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        publish: { type: "string", multiple: true, default: [] },
        memory: { type: "string" },
        cpus: { type: "string" },
        disk: { type: "string", multiple: true, default: [] },
        secret: { type: "string", multiple: true, default: [] },
        image: { type: "string" },
        arch: { type: "string", default: "amd64" },
        name: { type: "string" },
        timeout: { type: "string", default: "300" },
        "no-health": { type: "boolean", default: false },
        keep: { type: "boolean", default: false },
        console: { type: "boolean", default: false },
        ...SOURCE_OPTIONS,
      },
    });
    const file = onlyOne(positionals, "files");
    const arch = archOption(values.arch);
    const seconds = wholeNumber("--timeout", values.timeout, "seconds");
    const disks = values.disk.map(parseDisk);
    const definition = knownDefinition((await loadImage(file, values.image)).spec);
    const name = values.name ?? (file === STANDARD_INPUT ? "linuxkit" : basename(file).replace(/\.\w+$/, ""));
    checkPublished("run", values.publish, definition);
    const inputs = machineInputs(definition, {
      arch,
      publish: values.publish,
      ...(values.memory !== undefined && { memoryMiB: wholeNumber("--memory", values.memory, "MiB") }),
      ...(values.cpus !== undefined && { cpus: wholeNumber("--cpus", values.cpus, "processors") }),
      disks,
      secrets: await runSecrets(definition, values.secret),
      waitForHealth: !values["no-health"],
      keepOnFailure: values.keep,
    });
    checkProcessors("run", inputs.cpus, definition);
    checkDisks(definition, disks);
    const sources = await sourceOptions(values);
    const emptyDisks = disks.flatMap(({ serial, sizeMiB }): EmptyDisk[] => (sizeMiB === undefined ? [] : [{ serial, sizeMiB }]));
    await buildAndRun({ name, definition, inputs, emptyDisks, sources, seconds, showsConsole: values.console }, terminal);
  },
};

/** A disk as it was typed: one of `sizeMiB` and `path`. */
interface DiskOption {
  readonly serial: string;
  readonly sizeMiB?: number;
  readonly path?: string;
}

function parseDisk(text: string): DiskOption {
  const [, serial, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (serial === undefined || value === undefined)
    throw new UsageError(`--disk: got "${text}", wanted NAME=MIB or NAME=FILE, such as data=512`);
  return /^\d+$/.test(value) ? { serial, sizeMiB: wholeNumber("--disk", value, "MiB") } : { serial, path: resolve(value) };
}

function wholeNumber(option: string, text: string, unit: string): number {
  if (!/^[1-9]\d{0,7}$/.test(text)) throw new UsageError(`${option}: got "${text}", wanted a whole number of ${unit}`);
  return Number(text);
}

interface MachineOptions {
  readonly arch: Arch;
  readonly publish: readonly string[];
  readonly memoryMiB?: number;
  readonly cpus?: number;
  readonly disks: readonly DiskOption[];
  readonly secrets: Awaited<ReturnType<typeof runSecrets>>;
  readonly waitForHealth: boolean;
  readonly keepOnFailure: boolean;
}

/** The option that sets an input of a machine. */
const OPTION_OF: Readonly<Record<string, string>> = {
  publish: "--publish",
  memoryMiB: "--memory",
  cpus: "--cpus",
  disks: "--disk",
  secrets: "--secret",
};

/** The inputs of a machine, checked as those of a program. The paths of its boot files are not known yet. @throws UsageError */
function machineInputs(definition: Definition, { disks, ...given }: MachineOptions): VmInputs {
  const outbound = goesOut(definition, given.publish);
  const { inputs, failures = [] } = checkVm({
    ...given,
    kernel: "kernel",
    initrd: "initrd",
    digest: "",
    ...(outbound !== undefined && { outbound }),
    disks: disks.map(({ serial, path = "" }) => ({ serial, path: path || "empty", format: "raw" })),
  });
  const [failure] = failures;
  if (failure) {
    const [input = ""] = failure.path.split(/[.[]/);
    throw new UsageError(`${OPTION_OF[input] ?? input}: ${failure.message}`);
  }
  const checked = inputs as unknown as VmInputs;
  return { ...checked, disks: checked.disks.filter((_, index) => disks[index]?.path !== undefined) };
}

/** Checks that each volume with a disk of its own finds one: without it, the guest would wait until its time is over. @throws UsageError */
function checkDisks({ volumes }: Definition, disks: readonly DiskOption[]): void {
  for (const [name, { persistent }] of Object.entries(volumes)) {
    if (!persistent || persistent.device !== undefined) continue;
    const { serial } = persistent;
    if (serial === undefined ? disks.length > 0 : disks.some((disk) => disk.serial === serial)) continue;
    throw new UsageError(
      `volume "${name}" needs a disk${serial === undefined ? "" : ` with the serial "${serial}"`}: add --disk ${serial ?? name}=512`,
    );
  }
}
