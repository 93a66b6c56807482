import { randomBytes } from "node:crypto";
import { copyFile, constants, link, open, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fromFileSystem, isLinuxKitError, LinuxKitError } from "../../../sdk/core/errors.ts";
import type { OnProgress } from "../../../sdk/core/progress.ts";
import { FIRMWARE } from "../../../sdk/guest/firmware.ts";
import { chooseAccelerator, hostFacts } from "./accelerator.ts";
import { type DiskAttachment, hasFirmwareDevice, macOf, qemuArguments } from "./arguments.ts";
import { type Booted, waitForHealth } from "./boot.ts";
import { type EfiFirmware, findEfi } from "./efi-firmware.ts";
import { CONSOLE_LOG } from "./console-log.ts";
import { checkHostFile } from "./host-file.ts";
import { occupied, takePorts } from "./host-ports.ts";
import { launch, type Launched } from "./launch.ts";
import {
  type MachineFolder,
  type MachineRecord,
  makeMachineFolder,
  readMachineFolder,
  removeMachineFolder,
  self,
  writeRecord,
} from "./machine-folder.ts";
import { preflight } from "./memory.ts";
import { MONITOR } from "./monitor.ts";
import type { HostFolders } from "./host-folders.ts";
import { type Probed, probeBoot } from "./probe.ts";
import { formatPublication, parsePublication, type Publication } from "../../../sdk/definition/publication.ts";
import { startSwitch } from "./network-folder.ts";
import { checkAddress } from "./network-users.ts";
import { findQemu } from "./qemu-program.ts";
import { killMachine } from "./stop.ts";
import { bootedFrom, bootFiles, ROOT_SERIAL, type VmInputs } from "./vm-inputs.ts";

/** A machine to start. */
export interface Start {
  /** The machine's id, which names its folder. */
  readonly id: string;
  readonly urn: string;
  readonly name: string;
  readonly inputs: VmInputs;
  /** Whether a state holds the id already. @default false: the machine is being created */
  readonly isHeld?: boolean;
  /** For a machine of a fleet: the fleet's id, and its number and hash. */
  readonly owner?: string;
  readonly member?: MachineRecord["member"];
  /** Whether it ends with this process: then no state ever holds it, and a later start ends what a killed process left. @default false */
  readonly isPassing?: boolean;
  /** Empty disks that are removed with the machine, after the others. @default none */
  readonly emptyDisks?: readonly EmptyDisk[];
  /** What to do to look into it when a service of it is not healthy. @default `keepOnFailure` */
  readonly lookInside?: (service: string) => string;
  /** What a healthy machine has yet to do before it counts as started. If it rejects, the machine has failed. @default nothing */
  readonly settle?: (inputs: VmInputs, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  readonly progress: OnProgress;
}

/** A disk that a machine starts with, and that is removed with it. */
export interface EmptyDisk {
  readonly serial: string;
  readonly sizeMiB: number;
}

/** A running machine. */
export interface Started {
  readonly folder: MachineFolder;
  readonly booted: Booted | undefined;
  readonly publish: readonly Publication[];
  /** Why a machine that is kept all the same (`keepOnFailure`) is not healthy. */
  readonly failure?: Error;
}

/**
 * Starts a machine in a new folder and waits until it is healthy. If it rejects, it leaves no process and no file. If this
 * process dies first, its folder remains and the next start removes it.
 *
 * @throws TOOL_MISSING, INVALID_DEFINITION, NOT_FOUND, TOO_LARGE, PORT_OCCUPIED, DISK_FULL, UNWRITABLE, and what {@link waitForHealth} throws
 */
export async function startMachine(start: Start, { stateDir, cacheDir }: HostFolders): Promise<Started> {
  const { id, urn, name, inputs, signal, progress } = start;
  const qemu = await findQemu(inputs.arch);
  await checkHostFile("PULUMI_LINUXKIT_STATE", join(stateDir, "machines"));
  await checkPaths(inputs);
  await preflight(inputs, progress);
  const efi = inputs.disk === undefined ? undefined : await findEfi(inputs.arch, qemu.path);
  const publish = await takePorts(inputs.publish.map(asPublication), stateDir);
  const accelerator = await chooseAccelerator(inputs.arch, await hostFacts(qemu.version), cacheDir, (candidate) => {
    progress({ stage: "probe", message: `testing whether a kernel boots under ${candidate}` });
    return probeBoot(qemu, inputs.arch, candidate, probed(inputs, efi), signal);
  });
  const nonce = randomBytes(12).toString("hex");
  const settled = start.isPassing ? "starting" : "running";
  let folder = await makeMachineFolder(stateDir, id, {
    version: 1,
    urn,
    phase: start.isHeld ? "restarting" : "starting",
    maker: await self(),
    nonce,
    publish: publish.map(formatPublication),
    accelerator,
    inputs: withoutSecrets(inputs),
    ...(start.owner !== undefined && { owner: start.owner }),
    ...(start.member && { member: start.member }),
  });
  let launched: Launched | undefined;
  try {
    const firmware = await layOut(folder.path, inputs, nonce);
    const empty = await makeEmptyDisks(folder.path, start.emptyDisks ?? []);
    const { network } = inputs;
    if (network) {
      // its record is written by now, so of two that start at once each sees the other
      await checkAddress(network, id, stateDir);
      await startSwitch(dirname(network.socket), signal);
    }
    const args = qemuArguments({
      ...inputs,
      // relative, as a socket's path is short (unix(7))
      ...(network && { lan: { socket: relative(folder.path, network.socket), mac: macOf(network.address) } }),
      accelerator,
      publish,
      firmware,
      // last, so that the other disks keep their names
      disks: [
        ...inputs.disks,
        ...empty,
        ...(inputs.root === undefined ? [] : [{ path: "root", format: "raw", serial: ROOT_SERIAL, readOnly: true } as const]),
      ],
      cmdline: hasFirmwareDevice(inputs.arch) ? inputs.cmdline : `${inputs.cmdline} linuxkit.nonce=${nonce}`,
      name: `linuxkit-${id}`,
      monitor: MONITOR,
      api: true,
      sandbox: qemu.sandbox,
      runAs: qemu.runAs,
      ...(efi ? { boot: { disk: bootDisk("disk", inputs), efi } } : { kernel: "kernel", initrd: "initrd" }),
    });
    signal.throwIfAborted();
    const unfiltered = qemu.sandbox ? "" : ", its system calls not filtered: it was built without seccomp, or the kernel refuses";
    progress({ stage: "boot", message: `starting qemu (${accelerator}, ${inputs.memoryMiB} MiB${unfiltered})` });
    launched = await launch(folder.path, qemu.path, args);
    if (launched.process) folder = await writeRecord(folder, { ...record(folder), machine: launched.process });
    const booted = await waitForHealth({
      name,
      folder: folder.path,
      nonce,
      signal,
      progress,
      ended: launched.ended,
      patient: inputs.waitForHealth,
      crashLimit: inputs.crashLimit,
      hint: start.lookInside ?? lookInside(start),
    });
    await removeFirmware(folder.path);
    await start.settle?.(inputs, signal);
    folder = await writeRecord(folder, { ...record(folder), phase: settled, ...(booted && { bootId: booted.bootId }) });
    launched.release();
    return { folder, booted, publish };
  } catch (error) {
    if (inputs.keepOnFailure && launched && (isLinuxKitError(error, "BOOT_FAILED") || isLinuxKitError(error, "TIMEOUT"))) {
      await removeFirmware(folder.path);
      folder = await writeRecord(folder, { ...record(folder), phase: settled, failed: true });
      launched.release();
      return { folder, booted: undefined, publish, failure: error };
    }
    const refusedPort = isLinuxKitError(error, "BOOT_FAILED") ? lostPort(error.detail.console, publish) : undefined;
    await killMachine(folder);
    await removeMachineFolder(stateDir, id);
    if (refusedPort) throw await occupied(refusedPort, stateDir, error);
    throw fromFileSystem(error, folder.path);
  }
}

/** The console's file in a machine's folder. */
export function consolePath(folder: MachineFolder): string {
  return join(folder.path, CONSOLE_LOG);
}

/** Kills a machine and removes its folder. */
export async function discard(id: string, stateDir: string): Promise<void> {
  const folder = await readMachineFolder(stateDir, id);
  if (folder) await killMachine(folder);
  await removeMachineFolder(stateDir, id);
}

/** How to look into a machine that is not healthy. One of a fleet gives way to the old image. */
function lookInside({ name, inputs, member }: Start): ((service: string) => string) | undefined {
  if (member) return undefined;
  return (service) => {
    const command = "npx pulumi-linuxkit";
    const commands = `${command} logs ${name} ${service}, ${command} status ${name}, ${command} exec -it ${name} ${service} sh`;
    return inputs.keepOnFailure ? `the machine runs on: ${commands}` : `to look inside, set keepOnFailure: true, and then: ${commands}`;
  };
}

/** What QEMU opens is what the program named. */
async function checkPaths({ kernel, initrd, root, disk, disks }: VmInputs): Promise<void> {
  for (const [what, path] of Object.entries({ kernel, initrd, root, disk })) if (path !== undefined) await checkHostFile(what, path);
  for (const [index, { path }] of disks.entries()) await checkHostFile(`disks[${index}].path`, path);
}

/** QEMU has read these files into memory, and starts only once. */
async function removeFirmware(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (/^firmware-\d+$/.test(name)) await rm(join(folder, name), { force: true });
}

/** Writes QEMU's input files into the machine's folder, readable only by this user. */
async function layOut(folder: string, inputs: VmInputs, nonce: string): Promise<{ name: string; file: string }[]> {
  const kept = bootedFrom(folder, inputs);
  for (const [index, from] of bootFiles(inputs).entries()) await bringIn(from, bootFiles(kept)[index] as string);
  if (!hasFirmwareDevice(inputs.arch)) return [];
  const items: [name: string, contents: string][] = [[FIRMWARE.nonce, nonce]];
  if (inputs.userData !== undefined) items.push([FIRMWARE.userData, inputs.userData]);
  if (inputs.hosts !== undefined) items.push([FIRMWARE.hosts, inputs.hosts]);
  if (inputs.network) {
    const { address, hostname } = inputs.network;
    items.push([FIRMWARE.network, `${macOf(address)} ${address}`], [FIRMWARE.hostname, hostname]);
  }
  for (const [service, secrets] of Object.entries(inputs.secrets ?? {})) {
    for (const [name, value] of Object.entries(secrets)) items.push([FIRMWARE.secret(service, name), value]);
  }
  // numbered, because a secret's name may contain characters that QEMU's options cannot
  const files = items.map(([name], index) => ({ name, file: `firmware-${index}` }));
  for (const [index, [, contents]] of items.entries())
    await writeFile(join(folder, `firmware-${index}`), contents, { mode: 0o600, flag: "wx" });
  return files;
}

async function makeEmptyDisks(folder: string, disks: readonly EmptyDisk[]): Promise<DiskAttachment[]> {
  for (const [index, { sizeMiB }] of disks.entries()) {
    await using file = await open(join(folder, `empty-${index}`), "wx", 0o600);
    await file.truncate(sizeMiB * 2 ** 20);
  }
  return disks.map(({ serial }, index) => ({ path: `empty-${index}`, format: "raw", serial }));
}

function bootDisk(path: string, { diskFormat = "raw" }: VmInputs): DiskAttachment {
  return { path, format: diskFormat, serial: ROOT_SERIAL, readOnly: true };
}

function probed({ kernel, disk, ...inputs }: VmInputs, efi: EfiFirmware | undefined): Probed {
  if (efi && disk !== undefined) return { boot: { disk: bootDisk(disk, inputs), efi } };
  return kernel === undefined ? {} : { kernel };
}

/** Hard-links a file, so that clearing the cache does not take it from a machine; copies it across filesystems. */
async function bringIn(from: string, to: string): Promise<void> {
  // a link to a symlink would lead from the machine's folder
  const file = await realpath(from);
  await link(file, to).catch(() => copyFile(file, to, constants.COPYFILE_FICLONE));
}

function lostPort(console: readonly string[], publish: readonly Publication[]): Publication | undefined {
  const refusal = console.find((line) => /^qemu-system-\w+: .*Could not set up host forwarding rule/.test(line));
  return refusal === undefined ? undefined : publish.find(({ hostPort }) => refusal.includes(`:${hostPort}-`));
}

function asPublication(text: string): Publication {
  const read = parsePublication(text);
  if ("problem" in read) throw new LinuxKitError("INVALID_DEFINITION", `publish: ${read.problem}`, { path: "publish" });
  return read;
}

function record(folder: MachineFolder): NonNullable<MachineFolder["record"]> {
  if (!folder.record) throw new Error(`${folder.path} has no record`);
  return folder.record;
}

function withoutSecrets({ userData: _userData, secrets: _secrets, member, ...inputs }: VmInputs): object {
  if (!member) return inputs;
  const { keys: _keys, ...open } = member;
  return { ...inputs, member: open };
}
