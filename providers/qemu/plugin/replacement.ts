import { rename } from "node:fs/promises";
import { isLinuxKitError, LinuxKitError } from "../../../sdk/core/errors.ts";
import type { HostFolders } from "./host-folders.ts";
import { type MachineFolder, machinePath, readMachineFolder, removeMachineFolder, writeRecord } from "./machine-folder.ts";
import { discard, type Start, type Started, startMachine } from "./start.ts";
import { stopMachine } from "./stop.ts";
import { bootedFrom, type VmInputs } from "./vm-inputs.ts";

/** A machine to start in the place of one that runs and holds the ports and disks that it needs. */
export interface Replacement {
  readonly start: Start;
  readonly old: MachineFolder;
  /** The inputs of the old one; its user data and secrets are in no folder. */
  readonly oldInputs: VmInputs;
  /** Seconds in which the old one must be healthy again. */
  readonly seconds: number;
}

/**
 * Stops a machine and starts another in its place, under the same id. If the new one does not become healthy, the old one is
 * started again from its own files, with the host ports that it had.
 *
 * @throws the reason why the new one does not run, with what became of the old one
 */
export async function replaceMachine(replacement: Replacement, folders: HostFolders): Promise<Started> {
  const { start, old } = replacement;
  start.progress({ stage: "shutdown", message: "waiting for the guest to shut down" });
  await stopMachine(old, {}, start.signal);
  const former = await moveAside(old, folders);
  let started: Started;
  try {
    started = await startMachine(start, folders);
  } catch (error) {
    throw await restored(replacement, former, error, folders);
  }
  await removeMachineFolder(folders.stateDir, former.id);
  return started;
}

/** Ends what an interrupted replacement has left of a machine. */
export async function clearFormer(id: string, { stateDir }: HostFolders): Promise<void> {
  if (await readMachineFolder(stateDir, formerId(id))) await discard(formerId(id), stateDir);
}

function formerId(id: string): string {
  return `${id}-former`;
}

/** Gives the folder of a stopped machine another name, so that the new one has the machine's id. */
async function moveAside({ id, path, record }: MachineFolder, folders: HostFolders): Promise<MachineFolder> {
  await clearFormer(id, folders);
  const aside = { id: formerId(id), path: machinePath(folders.stateDir, formerId(id)) };
  await rename(path, aside.path);
  const { machine: _ended, ...rest } = record as NonNullable<typeof record>;
  return writeRecord(aside, rest);
}

async function restored(
  { start, oldInputs, seconds }: Replacement,
  former: MachineFolder,
  reason: unknown,
  folders: HostFolders,
): Promise<unknown> {
  const { progress, name, id } = start;
  progress({ stage: "boot", message: `${name}: starting the old image`, lasting: true });
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new LinuxKitError("TIMEOUT", "too long", { seconds, waitingFor: name })), seconds * 1000);
  try {
    const inputs = { ...bootedFrom(former.path, oldInputs), publish: [...(former.record?.publish ?? oldInputs.publish)] };
    // what is kept for a look inside is a new image that fails
    await startMachine({ ...start, inputs: { ...inputs, keepOnFailure: false }, signal: limit.signal }, folders);
    await removeMachineFolder(folders.stateDir, former.id);
    return told(reason, "the old image runs again");
  } catch (error) {
    await removeMachineFolder(folders.stateDir, former.id);
    return told(
      reason,
      `the old image does not run either, so ${id} is stopped: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    clearTimeout(timer);
  }
}

/** An error with what became of the old machine; any other error unchanged but for that. */
function told(reason: unknown, outcome: string): unknown {
  if (!isLinuxKitError(reason)) return reason;
  return new LinuxKitError(reason.code, `${reason.message}\n${outcome}`, reason.detail, { cause: reason });
}
