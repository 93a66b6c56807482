import { randomBytes } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { isLeftBehind } from "../core/left-behind.ts";
import { PROCESS_MARK } from "../core/process-mark.ts";
import { writeFileWhole } from "../core/write-file.ts";
import { type LockOptions, untilUnlocked, withLock } from "./lock.ts";

/** Files of the cache that a running build needs; no prune removes them until it releases them. */
export interface Hold {
  release(): Promise<void>;
}

/**
 * Holds files, named relative to the cache folder; they need not exist yet. The hold of a killed process ends.
 *
 * @throws UNWRITABLE, DISK_FULL, CANCELLED
 */
export async function holdFiles(cacheDir: string, files: Iterable<string>, options: LockOptions = {}): Promise<Hold> {
  const path = join(cacheDir, "holds", `${PROCESS_MARK}.${randomBytes(6).toString("hex")}`);
  const list = Buffer.from([...files].sort().join("\n"));
  // under the lock: a prune must not remove a file that is held after it read the holds
  await withLock(pruneLock(cacheDir), () => writeFileWhole(path, [list]), options);
  return { release: () => rm(path, { force: true }) };
}

/** Files that live processes hold, relative to the cache folder. The caller must have the prune lock. */
export async function heldFiles(cacheDir: string): Promise<Set<string>> {
  const held = new Set<string>();
  const folder = join(cacheDir, "holds");
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    if (await isLeftBehind(path, name.split(".")[0] ?? "")) await rm(path, { force: true });
    else for (const file of (await readFile(path, "utf8").catch(() => "")).split("\n")) held.add(file);
  }
  return held;
}

/**
 * Resolves once no prune is running. Mark a file as used, then wait here: a prune that was running is over, so a look
 * tells whether the file survived it; a later prune sees the mark.
 */
export function untilPruned(cacheDir: string): Promise<void> {
  return untilUnlocked(pruneLock(cacheDir));
}

/** Path of the lock that holding and pruning take. */
export function pruneLock(cacheDir: string): string {
  return join(cacheDir, "locks", "prune");
}
