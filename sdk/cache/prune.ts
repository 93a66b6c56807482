import { rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fromFileSystem } from "../core/errors.ts";
import { listCandidates } from "./candidates.ts";
import { heldFiles, pruneLock } from "./hold.ts";
import { type LockOptions, withLock } from "./lock.ts";

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
 * temporary files of killed processes. Held files stay, so the cache may stay larger.
 *
 * @param limitBytes @default {@link DEFAULT_CACHE_LIMIT}
 * @throws UNWRITABLE where files cannot be removed; CANCELLED
 */
export async function pruneCache(cacheDir: string, limitBytes: number = DEFAULT_CACHE_LIMIT, options: LockOptions = {}): Promise<Pruned> {
  return withLock(
    pruneLock(cacheDir),
    async () => {
      const held = await heldFiles(cacheDir);
      const candidates = await listCandidates(cacheDir);
      candidates.sort((a, b) => a.used - b.used || (a.name < b.name ? -1 : 1));
      let kept = candidates.reduce((total, { size }) => total + size, 0);
      const removed = { files: 0, bytes: 0 };
      for (const { name, files, size } of candidates) {
        if (kept <= limitBytes) break;
        if (held.has(name)) continue;
        for (const file of files) {
          await rm(join(cacheDir, file), { force: true }).catch((error: unknown) => {
            throw fromFileSystem(error, dirname(join(cacheDir, file)));
          });
        }
        // rmdir fails, as it should, until an artifact's folder is empty
        if (!files.includes(name)) await rmdir(join(cacheDir, name)).catch(() => {});
        kept -= size;
        removed.files += files.length;
        removed.bytes += size;
      }
      return { kept, removed };
    },
    { what: "the cache", ...options },
  );
}
