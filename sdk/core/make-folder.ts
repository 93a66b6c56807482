import { mkdirSync, statSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a folder and the folders above it. Node's own recursive `mkdir` never ends where a filesystem answers ENOENT for a
 * folder whose parent exists, as `/proc` does.
 *
 * @param mode permission bits of the folders that are made, before the process's umask applies
 * @throws the filesystem's error: ENOENT, EACCES, ENOTDIR…
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  const missing = await upwards(path);
  for (const folder of missing) {
    await mkdir(folder, mode).catch((error: NodeJS.ErrnoException) => {
      // another process made it in between
      if (error.code !== "EEXIST") throw error;
    });
  }
  if (!(await stat(path)).isDirectory()) throw notFolder(path);
}

/** As {@link makeFolder}. */
export function makeFolderSync(path: string, mode = 0o777): void {
  const missing: string[] = [];
  for (let folder = path; statSync(folder, { throwIfNoEntry: false }) === undefined && dirname(folder) !== folder; folder = dirname(folder))
    missing.unshift(folder);
  for (const folder of missing) {
    try {
      mkdirSync(folder, mode);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  if (!statSync(path).isDirectory()) throw notFolder(path);
}

// the folders that do not exist, outermost first
async function upwards(path: string): Promise<string[]> {
  const missing: string[] = [];
  for (let folder = path; dirname(folder) !== folder; folder = dirname(folder)) {
    const isThere = await stat(folder).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return false;
        throw error;
      },
    );
    if (isThere) break;
    missing.unshift(folder);
  }
  return missing;
}

function notFolder(path: string): Error {
  return Object.assign(new Error(`ENOTDIR: not a directory, mkdir '${path}'`), { code: "ENOTDIR", path });
}
