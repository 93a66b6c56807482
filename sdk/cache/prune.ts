import { link, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fromFileSystem } from "../core/errors.ts";
import { partPath } from "../core/write-file.ts";
import { type Candidate, listCandidates } from "./candidates.ts";
import { heldFiles, pruneLock } from "./hold.ts";
import { type LockOptions, withLock } from "./lock.ts";
import { usedSince } from "./session.ts";

/** Bytes that a cache may hold before a prune removes its least recently used files: 10 GiB. */
export const DEFAULT_CACHE_LIMIT = 10 * 2 ** 30;

/** The result of a prune. */
export interface Pruned {
  /** Bytes that stay. */
  readonly kept: number;
  readonly removed: { readonly files: number; readonly bytes: number };
}

/**
 * Removes the least recently used blobs, segments and artifacts until the cache holds at most `limitBytes`, and the
 * temporary files of killed processes. Held files and files that a live session has used stay, so the cache may stay
 * larger.
 *
 * @param limitBytes @default {@link DEFAULT_CACHE_LIMIT}
 * @throws UNWRITABLE where files cannot be removed; CANCELLED
 */
export async function pruneCache(cacheDir: string, limitBytes: number = DEFAULT_CACHE_LIMIT, options: LockOptions = {}): Promise<Pruned> {
  return withLock(
    pruneLock(cacheDir),
    async () => {
      const began = Date.now();
      // what is used from here on has a later time than `began`, and not the same
      while (Date.now() === began) await sleep(1);
      const held = await heldFiles(cacheDir);
      const since = await usedSince(cacheDir);
      const candidates = await listCandidates(cacheDir);
      candidates.sort((a, b) => a.used - b.used || (a.name < b.name ? -1 : 1));
      let kept = candidates.reduce((total, { size }) => total + size, 0);
      const removed = { files: 0, bytes: 0 };
      for (const candidate of candidates) {
        if (kept <= limitBytes) break;
        if (held.has(candidate.name) || candidate.used >= since || !(await remove(cacheDir, candidate, began))) continue;
        kept -= candidate.size;
        removed.files += candidate.files.length;
        removed.bytes += candidate.size;
      }
      return { kept, removed };
    },
    { what: "the cache", ...options },
  );
}

/** Removes what a candidate names; false where it was used after `began`. */
async function remove(cacheDir: string, { name, files }: Candidate, began: number): Promise<boolean> {
  for (const file of files) {
    if (!(await removeUnused(join(cacheDir, file), began))) return false;
  }
  // rmdir fails, as it should, until an artifact's folder is empty
  if (!files.includes(name)) await rmdir(join(cacheDir, name)).catch(() => {});
  return true;
}

/**
 * Removes a file unless it was used after `began`, in milliseconds since 1970. It is moved aside first, so a file that
 * another process puts in its place, or marks as used, between a look and the removal is never lost.
 */
async function removeUnused(path: string, began: number): Promise<boolean> {
  const aside = partPath(path);
  try {
    await rename(path, aside);
    const { atimeMs, mtimeMs } = await stat(aside);
    if (Math.max(atimeMs, mtimeMs) > began) {
      // a newer file of this name holds the same bytes and stays
      await link(aside, path).catch(() => {});
      return false;
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return true;
    throw fromFileSystem(error, dirname(path));
  } finally {
    await rm(aside, { force: true });
  }
}
