import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Arch } from "../../../sdk/core/arch.ts";
import { fromFileSystem, isLinuxKitError, LinuxKitError } from "../../../sdk/core/errors.ts";
import { writeFileWhole } from "../../../sdk/core/write-file.ts";
import { readHostRecord, whereMissing } from "./host-record.ts";
import { hasEnded, identify, type ProcessId } from "./process-id.ts";
import { makeFolder } from "../../../sdk/core/make-folder.ts";

/**
 * The folder of machines and disks: `PULUMI_LINUXKIT_STATE`, else `pulumi-linuxkit` under `XDG_STATE_HOME`, else under
 * `~/.local/state`. Unlike the cache, it holds data that cannot be recreated.
 */
export function defaultStateDir(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env.PULUMI_LINUXKIT_STATE || join(env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "pulumi-linuxkit"));
}

/** A machine's record, `machine.json` in its folder. */
export interface MachineRecord {
  readonly version: 1;
  /** Its name in the program at its start: for people only, because a stack, a resource or a project may be renamed. */
  readonly urn: string;
  /** For a machine of a fleet: the fleet's id, see `fleet-journal.ts`. Earlier versions wrote a hash of the URN for every machine. */
  readonly owner?: string;
  /**
   * `starting` until `create` has succeeded: no state holds the machine before, and never one that `run` started. `restarting`
   * while an update starts a machine that a state holds.
   */
  readonly phase: "starting" | "restarting" | "running";
  /** The plugin process that created it. */
  readonly maker: ProcessId;
  readonly machine?: ProcessId;
  /** The nonce of the guest's reports: see `sdk/guest/console.ts`. */
  readonly nonce: string;
  /** As {@link formatPublication} writes them, with the chosen host ports. */
  readonly publish: readonly string[];
  readonly accelerator: string;
  readonly bootId?: string;
  /** It did not become healthy, and was kept for a look inside: the next update starts it again. */
  readonly failed?: true;
  /** Its cluster ends as a whole, so it need not leave it: see `cluster.ts`. */
  readonly clusterEnds?: boolean;
  /** For a machine of a fleet: its number, and a salted hash of its inputs, secrets included. */
  readonly member?: { readonly slot: number; readonly generation: string };
  /** Its inputs without user data and secrets, for `pulumi import`. */
  readonly inputs: { readonly arch?: Arch };
}

/** A machine's folder and record. */
export interface MachineFolder {
  readonly id: string;
  readonly path: string;
  /** Undefined if the plugin died before it wrote the record. */
  readonly record?: MachineRecord;
}

/**
 * A new id for a machine, a fleet or a disk: `web-1f2e3d4c-9a8b7c6d`. It is random, and the state that holds it owns what it
 * names: a renamed stack, a moved project and another backend keep what runs.
 */
export function newId(name: string): string {
  const readable =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 24) || "machine";
  return [readable, randomBytes(4).toString("hex"), randomBytes(4).toString("hex")].join("-");
}

const ID = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** The folder of a machine. An id from outside (`pulumi import`) cannot escape the state folder. */
export function machinePath(stateDir: string, id: string): string {
  if (!ID.test(id))
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `id: got ${JSON.stringify(id)}, wanted the id of a machine, such as web-1f2e3d4c-9a8b7c6d`,
      { path: "id" },
    );
  return join(stateDir, "machines", id);
}

/** Creates a machine's folder, private to this user. @throws UNWRITABLE, DISK_FULL; the folder is then removed */
export async function makeMachineFolder(stateDir: string, id: string, record: MachineRecord): Promise<MachineFolder> {
  const path = machinePath(stateDir, id);
  try {
    await makeFolder(dirname(path), 0o700);
    await mkdir(path, { mode: 0o700 });
    return await writeRecord({ id, path, record }, record);
  } catch (error) {
    await removeMachineFolder(stateDir, id).catch(() => {});
    throw fromFileSystem(error, path);
  }
}

/** Writes a machine's record atomically. */
export async function writeRecord(folder: MachineFolder, record: MachineRecord): Promise<MachineFolder> {
  await writeFileWhole(join(folder.path, "machine.json"), [Buffer.from(JSON.stringify(record, null, 1))], { mode: 0o600 });
  return { ...folder, record };
}

/**
 * The folder of a machine; undefined if it does not exist.
 *
 * @throws CORRUPT for a record that cannot be one; UNWRITABLE where this user may not look, and the machine may run
 */
export async function readMachineFolder(stateDir: string, id: string): Promise<MachineFolder | undefined> {
  const path = machinePath(stateDir, id);
  if (!(await readdir(path).catch((error: unknown) => whereMissing(error, path)))) return undefined;
  const record = await readHostRecord(
    join(path, "machine.json"),
    async () => (await import("./record-schemas.ts")).machineRecord,
    "a machine is damaged: end its QEMU, if it still runs, and remove its folder",
  );
  return { id, path, ...(record && { record: record as unknown as MachineRecord }) };
}

/** All machines of this user. What is no machine's folder, another user's, or has a damaged record, is left alone. */
export async function listMachineFolders(stateDir: string): Promise<MachineFolder[]> {
  const path = join(stateDir, "machines");
  const ids = (await readdir(path).catch((error: unknown) => whereMissing(error, path))) ?? [];
  const folders = await Promise.all(ids.filter((id) => ID.test(id)).map((id) => readMachineFolder(stateDir, id).catch(leftAlone)));
  return folders.filter((folder) => folder !== undefined);
}

/** For a list of records: the others are read all the same. */
export function leftAlone(error: unknown): undefined {
  if (!isLinuxKitError(error, "CORRUPT") && !isLinuxKitError(error, "UNWRITABLE")) throw error;
}

/** Removes a machine's folder, and the state folders above it that are empty. */
export async function removeMachineFolder(stateDir: string, id: string): Promise<void> {
  // the console's keeper may still write a file while the folder is removed
  await rm(machinePath(stateDir, id), { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  await removeEmpty(join(stateDir, "machines"), stateDir);
}

/** Removes the empty ones of these folders. */
export async function removeEmpty(...folders: string[]): Promise<void> {
  for (const folder of folders) await rmdir(folder).catch(() => {});
}

/**
 * Machines that no state can hold: the process that was creating them died before it had given their id to the engine. A
 * machine of a fleet belongs to its fleet, whose next update finds it.
 */
export async function findLeftovers(stateDir: string): Promise<MachineFolder[]> {
  const leftovers: MachineFolder[] = [];
  for (const folder of await listMachineFolders(stateDir)) {
    const { record } = folder;
    if (record?.phase === "starting" && !record.member && (await hasEnded(record.maker))) leftovers.push(folder);
  }
  return leftovers;
}

/** This process. */
export async function self(): Promise<ProcessId> {
  const found = await identify(process.pid);
  if (!found) throw new Error("this process is not in the table of processes");
  return found;
}
