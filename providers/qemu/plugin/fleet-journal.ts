import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { withLock } from "../../../sdk/cache/lock.ts";
import { fromFileSystem } from "../../../sdk/core/errors.ts";
import { writeFileWhole } from "../../../sdk/core/write-file.ts";
import type { HostFolders } from "./host-folders.ts";
import { readHostRecord } from "./host-record.ts";
import { leftAlone, newId, removeEmpty, self } from "./machine-folder.ts";
import { hasEnded, type ProcessId } from "./process-id.ts";
import { makeFolder } from "../../../sdk/core/make-folder.ts";

/**
 * A fleet that is being created. No state holds its id yet, so a run that is killed would leave unknown machines.
 * The entry exists until the creation has succeeded; a fleet without one is never a leftover.
 */
export interface UnfinishedFleet {
  readonly id: string;
  readonly urn: string;
  /** The plugin process that creates it. */
  readonly maker: ProcessId;
}

/** Runs while no other process of this host takes over or clears what an interrupted run has left. */
export function whileAlone<T>({ cacheDir }: HostFolders, signal: AbortSignal, act: () => Promise<T>): Promise<T> {
  return withLock(join(cacheDir, "locks", "leftovers"), act, { signal, what: "another start of machines" });
}

/** Fleets whose creation never ended because its process died. */
export async function findUnfinishedFleets(stateDir: string): Promise<UnfinishedFleet[]> {
  const found: UnfinishedFleet[] = [];
  for (const name of await readdir(join(stateDir, "fleets")).catch(() => [])) {
    const entry = name.endsWith(".json") ? await readEntry(join(stateDir, "fleets", name)) : undefined;
    if (entry && (await hasEnded(entry.maker))) found.push(entry);
  }
  return found;
}

/** Whether a process is creating the fleet now. */
export async function isBeingCreated(stateDir: string, id: string): Promise<boolean> {
  const entry = await readEntry(entryPath(stateDir, id));
  return entry !== undefined && !(await hasEnded(entry.maker));
}

/**
 * Writes down that this process creates a fleet, before its first machine. The interrupted creation of the resource with this
 * URN goes on under its own id. @throws UNWRITABLE, DISK_FULL
 */
export async function beginFleet(folders: HostFolders, name: string, urn: string, signal: AbortSignal): Promise<string> {
  const { stateDir } = folders;
  return whileAlone(folders, signal, async () => {
    const interrupted = (await findUnfinishedFleets(stateDir)).find((entry) => entry.urn === urn);
    const entry: UnfinishedFleet = { id: interrupted?.id ?? newId(name), urn, maker: await self() };
    try {
      await makeFolder(join(stateDir, "fleets"), 0o700);
      await writeFileWhole(entryPath(stateDir, entry.id), [Buffer.from(JSON.stringify(entry))], { mode: 0o600 });
    } catch (error) {
      throw fromFileSystem(error, entryPath(stateDir, entry.id));
    }
    return entry.id;
  });
}

/** Drops the entry: the creation has succeeded, or has left no machine. */
export async function endFleet(stateDir: string, id: string): Promise<void> {
  await rm(entryPath(stateDir, id), { force: true });
  await removeEmpty(join(stateDir, "fleets"), stateDir);
}

/** Undefined if it does not exist or is damaged. An entry of a creation under way is never damaged: `writeFileWhole` leaves no half. */
function readEntry(path: string): Promise<UnfinishedFleet | undefined> {
  return readHostRecord(path, async () => (await import("./record-schemas.ts")).fleetRecord, "a fleet is damaged").catch(leftAlone);
}

function entryPath(stateDir: string, id: string): string {
  return join(stateDir, "fleets", `${id}.json`);
}
