import { setTimeout as pause } from "node:timers/promises";
import { consoleTail } from "../../providers/qemu/plugin/boot.ts";
import { consoleReader, readableLine } from "../../providers/qemu/plugin/console-log.ts";
import { defaultHostFolders, type HostFolders } from "../../providers/qemu/plugin/host-folders.ts";
import { clearLeftovers } from "../../providers/qemu/plugin/leftovers.ts";
import { type MachineFolder, newId, removeMachineFolder } from "../../providers/qemu/plugin/machine-folder.ts";
import { isAlive } from "../../providers/qemu/plugin/process-id.ts";
import { type EmptyDisk, type Started, startMachine } from "../../providers/qemu/plugin/start.ts";
import { stopMachine } from "../../providers/qemu/plugin/stop.ts";
import type { VmInputs } from "../../providers/qemu/plugin/vm-inputs.ts";
import { addresses } from "../../providers/qemu/plugin/vm-outputs.ts";
import { readLocalFiles } from "../builder/local-files.ts";
import { isLinuxKitError, LinuxKitError } from "../core/errors.ts";
import { present } from "../core/present.ts";
import type { OnProgress } from "../core/progress.ts";
import type { Definition } from "../definition/definition.ts";
import { describeStage, parseConsoleLine } from "../guest/console.ts";
import { openPorts } from "../machine/open-ports.ts";
import { withArtifactFiles } from "../resource/plugin/artifact-files.ts";
import { ArtifactStore } from "../resource/plugin/artifact-store.ts";
import { keepBuild } from "../resource/plugin/keep-build.ts";
import { builder } from "../resource/plugin/real-builder.ts";
import type { Terminal } from "./command.ts";
import { isSecondInterrupt } from "./interrupt.ts";
import type { sourceOptions } from "./source-options.ts";
import { showProgress } from "./terminal.ts";

/** Milliseconds between two looks at a machine. */
const POLL_MS = 200;

/** A machine to run until it is interrupted. */
export interface MachineRun {
  readonly name: string;
  readonly definition: Definition;
  /** Checked, with other paths in the place of the boot files. */
  readonly inputs: VmInputs;
  readonly emptyDisks: readonly EmptyDisk[];
  readonly sources: Awaited<ReturnType<typeof sourceOptions>>;
  /** Until it must be healthy. */
  readonly seconds: number;
  readonly showsConsole: boolean;
}

/**
 * Builds an OS, starts it, says where it answers, and shuts it down when it is interrupted.
 *
 * @throws what a build throws, and what a start throws; BOOT_FAILED when the machine ends by itself and not in order
 */
export async function buildAndRun(wanted: MachineRun, terminal: Terminal): Promise<void> {
  const folders = defaultHostFolders();
  const work = { signal: terminal.signal, progress: showProgress(terminal), config: {} };
  const artifacts = new ArtifactStore(folders.cacheDir);
  const { lock, ...origins } = wanted.sources;
  const { name, inputs } = wanted;
  // the record of the build must not depend on files that may change
  const definition = readLocalFiles(wanted.definition, { projectDir: process.cwd(), store: artifacts.store });
  const built = await cancelled(terminal, () =>
    keepBuild(artifacts, builder, { ...origins, image: definition, name, arch: inputs.arch, formats: ["kernel+initrd"] }, lock, work),
  );
  const file = (role: string): string => `${built.path}/${present(built.files.find((one) => one.role === role)).name}`;
  const ready = { ...inputs, kernel: file("kernel"), initrd: file("initrd"), cmdline: built.cmdline, digest: built.digest };
  await clearLeftovers(folders, work);
  const started = await cancelled(terminal, () =>
    withArtifactFiles(
      [ready.kernel, ready.initrd],
      folders.cacheDir,
      async () => builder,
      work,
      () => start({ ...wanted, inputs: ready }, folders, work.progress, terminal),
    ),
  );
  await stay(started, wanted, folders, terminal);
}

async function start(
  { name, inputs, emptyDisks, seconds }: MachineRun,
  folders: HostFolders,
  progress: OnProgress,
  { signal }: Terminal,
): Promise<Started> {
  const over = new AbortController();
  const timer = setTimeout(() => {
    over.abort(new LinuxKitError("TIMEOUT", `starting ${name} took longer than ${seconds} s (--timeout)`, { seconds, waitingFor: name }));
  }, seconds * 1000);
  const command = "npx pulumi-linuxkit";
  try {
    return await startMachine(
      {
        id: newId(name),
        urn: `run::${name}`,
        name,
        inputs,
        isPassing: true,
        emptyDisks,
        lookInside: (service) =>
          `${inputs.keepOnFailure ? "the machine runs on" : "to look inside, run it with --keep, and then in another shell"}: ${command} logs ${name} ${service}, ${command} status ${name}, ${command} exec -it ${name} ${service} sh`,
        signal: AbortSignal.any([signal, over.signal]),
        progress: (one) => progress({ ...one, message: one.message.replaceAll("memoryMiB", "--memory") }),
      },
      folders,
    );
  } catch (error) {
    if (!isLinuxKitError(error, "TOO_LARGE")) throw error;
    throw new LinuxKitError("TOO_LARGE", error.message.replaceAll("memoryMiB", "--memory"), error.detail, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** Shows a machine until it ends or is interrupted. Nothing of it is left then. */
async function stay(
  { folder, booted, publish, failure }: Started,
  wanted: MachineRun,
  folders: HostFolders,
  terminal: Terminal,
): Promise<void> {
  const { name, definition } = wanted;
  const kill = new AbortController();
  using _ = onSecondInterrupt(terminal.signal, () => kill.abort());
  try {
    if (failure) terminal.fail(isLinuxKitError(failure) ? `${failure.code}: ${failure.message}` : failure.message);
    else terminal.note(booted ? `${name} is healthy, ${booted.seconds.toFixed(1)} s after its start` : `${name} runs`);
    const { url, ports } = addresses(publish);
    if (url !== "") terminal.print(url);
    for (const [port, host] of Object.entries(ports)) terminal.note(`port ${port} of the guest is port ${host} of this host`);
    const open = [...(openPorts(definition) ?? [])];
    if (publish.length === 0 && open.length > 0)
      terminal.note(`nothing of it is reached from here: add --publish 8080:${open[0]?.replace("/tcp", "")}`);
    terminal.note("Ctrl-C shuts it down");
    const inOrder = await follow(folder, wanted.showsConsole, terminal);
    if (!terminal.signal.aborted && !inOrder) {
      const console = await consoleTail(folder.path);
      const tail = console.map((line) => `\n  ${line}`).join("");
      throw new LinuxKitError("BOOT_FAILED", `machine "${name}" ended by itself; last lines of its console:${tail}`, {
        stage: "running",
        console,
      });
    }
    terminal.note(terminal.signal.aborted ? `shutting ${name} down` : `${name} has shut down`);
  } finally {
    await stopMachine(folder, {}, kill.signal);
    await removeMachineFolder(folders.stateDir, folder.id);
  }
}

/** Shows what the services report, or the console, until the machine ends. @returns whether it shut down in order */
async function follow(folder: MachineFolder, showsConsole: boolean, terminal: Terminal): Promise<boolean> {
  const read = consoleReader(folder.path);
  const machine = folder.record?.machine;
  // what was said before the machine was healthy has been shown as progress
  if (!showsConsole) await read();
  let inOrder = false;
  for (let alive = true; alive && !terminal.signal.aborted; ) {
    alive = machine !== undefined && (await isAlive(machine));
    for (const line of await read()) {
      const report = parseConsoleLine(line, folder.record?.nonce ?? "");
      if (report?.stage === "shutdown") inOrder = true;
      if (showsConsole) terminal.print(readableLine(line));
      else if (report) terminal.note(describeStage(report));
    }
    if (alive) await pause(POLL_MS, undefined, { signal: terminal.signal }).catch(() => {});
  }
  return inOrder;
}

/** Does what can be interrupted. @throws CANCELLED when it was */
async function cancelled<T>({ signal }: Terminal, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new LinuxKitError(
      "CANCELLED",
      "interrupted before the machine was healthy; nothing of it is left",
      { what: "run" },
      { cause: error },
    );
  }
}

/** Calls `act` on the second Ctrl-C, which would end this process before the machine. */
function onSecondInterrupt(signal: AbortSignal, act: () => void): Disposable {
  const first = performance.now();
  let interrupted = signal.aborted ? first : undefined;
  signal.addEventListener("abort", () => (interrupted = performance.now()), { once: true });
  const hear = (): void => {
    if (interrupted !== undefined && isSecondInterrupt(interrupted)) act();
  };
  const names = ["SIGINT", "SIGTERM"] as const;
  for (const name of names) process.on(name, hear);
  return {
    [Symbol.dispose]: () => {
      for (const name of names) process.off(name, hear);
    },
  };
}
