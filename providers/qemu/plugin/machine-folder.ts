import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, rmdir } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Arch } from "../../../sdk/core/arch.ts";
import { fromFileSystem, LinuxKitError } from "../../../sdk/core/errors.ts";
import { writeFileWhole } from "../../../sdk/core/write-file.ts";
import { identify, isAlive, type ProcessId } from "./process-id.ts";

/**
 * Where machines and disks live: `PULUMI_LINUXKIT_STATE`, else `pulumi-linuxkit` under `XDG_STATE_HOME`, else under
 * `~/.local/state`. It is not the cache: what is here cannot be made again.
 */
export function defaultStateDir(env: NodeJS.ProcessEnv = process.env): string {
  return env.PULUMI_LINUXKIT_STATE || join(env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "pulumi-linuxkit");
}

/** What a machine's folder says of itself, in `machine.json`. */
export interface MachineRecord {
  readonly version: 1;
  readonly urn: string;
  /** See {@link stackIdentity}. */
  readonly owner: string;
  /** `starting` until `create` has ended well. */
  readonly phase: "starting" | "running";
  /** The plugin's process that made it. */
  readonly maker: ProcessId;
  readonly machine?: ProcessId;
  /** The word by which the guest's reports are known: see `sdk/guest/console.ts`. */
  readonly nonce: string;
  /** As {@link formatPublication} writes them, with the host ports that were taken. */
  readonly publish: readonly string[];
  readonly accelerator: string;
  readonly bootId?: string;
  /** Of a fleet's machine: its number there, and what it was made of, secrets included, as a salted hash. */
  readonly member?: { readonly slot: number; readonly generation: string };
  /** What it was made of, without user data and secrets, for `pulumi import`. */
  readonly inputs: { readonly arch?: Arch };
}

/** A machine's folder, read. */
export interface MachineFolder {
  readonly id: string;
  readonly path: string;
  /** Absent where its maker died before it could write it. */
  readonly record?: MachineRecord;
}

/**
 * Which resource of which stack it is: a URN alone may occur again in another backend or checkout on the same host.
 * Two machines of one identity are an old one and its replacement.
 */
export function stackIdentity(urn: string, env: NodeJS.ProcessEnv = process.env, project = process.cwd()): string {
  return createHash("sha256")
    .update(JSON.stringify([urn, env.PULUMI_BACKEND_URL ?? "", project]))
    .digest("hex")
    .slice(0, 16);
}

/** A new id for a machine or disk of that identity: `web-4f0c…-9b1d`. Never given twice, so that old and new can be side by side. */
export function newId(name: string, owner: string): string {
  const readable =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-+|-+$/g, "")
      .slice(0, 24) || "machine";
  return `${readable}-${owner.slice(0, 8)}-${randomBytes(4).toString("hex")}`;
}

/** The folder of a machine. An id that came from outside (`pulumi import`) cannot lead out of it. */
export function machinePath(stateDir: string, id: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(id))
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `id: got ${JSON.stringify(id)}, wanted the id of a machine, such as web-1f2e3d4c-9a8b7c6d`,
      { path: "id" },
    );
  return join(stateDir, "machines", id);
}

/** Makes a machine's folder, for this user alone. `UNWRITABLE` or `DISK_FULL` leaves none. */
export async function makeMachineFolder(stateDir: string, id: string, record: MachineRecord): Promise<MachineFolder> {
  const path = machinePath(stateDir, id);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await mkdir(path, { mode: 0o700 });
    return await writeRecord({ id, path, record }, record);
  } catch (error) {
    await removeMachineFolder(stateDir, id).catch(() => {});
    throw fromFileSystem(error, path);
  }
}

/** Writes what is known of a machine, whole or not at all. */
export async function writeRecord(folder: MachineFolder, record: MachineRecord): Promise<MachineFolder> {
  await writeFileWhole(join(folder.path, "machine.json"), [Buffer.from(JSON.stringify(record, null, 1))], { mode: 0o600 });
  return { ...folder, record };
}

/** The folder of a machine; undefined when there is none. */
export async function readMachineFolder(stateDir: string, id: string): Promise<MachineFolder | undefined> {
  const path = machinePath(stateDir, id);
  const names = await readdir(path).catch(() => undefined);
  if (!names) return undefined;
  const text = await readFile(join(path, "machine.json"), "utf8").catch(() => undefined);
  return { id, path, ...(text !== undefined && { record: JSON.parse(text) as MachineRecord }) };
}

/** Every machine of this user. */
export async function listMachineFolders(stateDir: string): Promise<MachineFolder[]> {
  const ids = await readdir(join(stateDir, "machines")).catch(() => []);
  const folders = await Promise.all(ids.map((id) => readMachineFolder(stateDir, id)));
  return folders.filter((folder) => folder !== undefined);
}

/** Removes a machine's folder, and the folders above it that are ours and empty. */
export async function removeMachineFolder(stateDir: string, id: string): Promise<void> {
  // the keeper of the console may write a last file while the folder goes
  await rm(machinePath(stateDir, id), { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  await removeEmpty(join(stateDir, "machines"), stateDir);
}

/** Removes those of the folders that are empty; the others stay. */
export async function removeEmpty(...folders: string[]): Promise<void> {
  for (const folder of folders) await rmdir(folder).catch(() => {});
}

/**
 * Machines that no state can name any more, since the process that made them died first:
 * - whatever its owner, one whose start never ended;
 * - one of `owner` that did start, when the engine has told us the ids that it does know (`known`) and this is none.
 */
export async function findOrphans(stateDir: string, owner: string, known: ReadonlySet<string>): Promise<MachineFolder[]> {
  const orphans: MachineFolder[] = [];
  for (const folder of await listMachineFolders(stateDir)) {
    const { record } = folder;
    if (!record || known.has(folder.id) || (await isAlive(record.maker))) continue;
    if (record.phase === "starting" || record.owner === owner) orphans.push(folder);
  }
  return orphans;
}

/** This process. */
export async function self(): Promise<ProcessId> {
  const found = await identify(process.pid);
  if (!found) throw new Error("this process is not in the table of processes");
  return found;
}
