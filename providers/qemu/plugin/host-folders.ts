import { stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join, sep } from "node:path";
import { defaultCacheDir } from "../../../sdk/cache/location.ts";
import type { OnProgress } from "../../../sdk/core/progress.ts";
import { whereMissing } from "./host-record.ts";
import { defaultStateDir } from "./machine-folder.ts";

/** The folder of machines and disks, and the cache of reproducible files. */
export interface HostFolders {
  readonly stateDir: string;
  readonly cacheDir: string;
}

/** The folders from the environment. */
export function defaultHostFolders(env: NodeJS.ProcessEnv = process.env): HostFolders {
  return { stateDir: defaultStateDir(env), cacheDir: defaultCacheDir(env) };
}

/**
 * The folders of what a state holds. It stays where it was made, whatever the environment names by now. A state folder that was
 * moved as a whole is where the environment says.
 *
 * @param place a file or folder of it, as its outputs name it
 * @param below the same place below the state folder
 * @throws UNWRITABLE where this user may not look
 */
export async function foldersOf(folders: HostFolders, place: string | undefined, below: string): Promise<HostFolders> {
  if (!place?.endsWith(`${sep}${below}`)) return folders;
  const error: unknown = await stat(place).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error === undefined) return { ...folders, stateDir: place.slice(0, -below.length - 1) };
  const isMoved = await stat(join(folders.stateDir, below)).catch(() => undefined);
  if (!isMoved) whereMissing(error, place);
  return folders;
}

/** Says that what a state holds is not on this host. Another host, or another user, may still run it. */
export function sayMissing(what: string, { stateDir }: HostFolders, progress: OnProgress): void {
  const message = `${what} not found in ${stateDir} on ${hostname()}: if another user or host has it, end it there`;
  progress({ stage: "missing", message, lasting: true });
}
