import { readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fromFileSystem } from "../core/errors.ts";
import { removeDeadParts } from "../core/write-file.ts";
import { heldFiles, pruneLock } from "./hold.ts";
import { type LockOptions, withLock } from "./lock.ts";

/** What a cache may hold before its least recently used files go: 10 GiB. */
export const DEFAULT_CACHE_LIMIT = 10 * 2 ** 30;

/** What a prune found and did. */
export interface Pruned {
  /** Bytes that stay. */
  readonly kept: number;
  readonly removed: { readonly files: number; readonly bytes: number };
}

/** The folders whose files can be made or fetched again. */
const FOLDERS = [join("blobs", "sha256"), "segments"];

interface Candidate {
  readonly file: string;
  readonly size: number;
  readonly used: number;
}

/**
 * Removes the least recently used blobs and segments until the cache holds at most `limitBytes`, and what killed
 * processes left. What a running build holds stays, and so the cache may stay larger.
 *
 * @throws UNWRITABLE where files may not be removed
 */
export async function pruneCache(cacheDir: string, limitBytes: number = DEFAULT_CACHE_LIMIT, options: LockOptions = {}): Promise<Pruned> {
  return withLock(
    pruneLock(cacheDir),
    async () => {
      const held = await heldFiles(cacheDir);
      const candidates = (await Promise.all(FOLDERS.map((folder) => listFiles(cacheDir, folder)))).flat();
      candidates.sort((a, b) => a.used - b.used || (a.file < b.file ? -1 : 1));
      let kept = candidates.reduce((total, { size }) => total + size, 0);
      const removed = { files: 0, bytes: 0 };
      for (const { file, size } of candidates) {
        if (kept <= limitBytes) break;
        if (held.has(file)) continue;
        await rm(join(cacheDir, file), { force: true }).catch((error: unknown) => {
          throw fromFileSystem(error, dirname(join(cacheDir, file)));
        });
        kept -= size;
        removed.files++;
        removed.bytes += size;
      }
      return { kept, removed };
    },
    { what: "the cache", ...options },
  );
}

async function listFiles(cacheDir: string, folder: string): Promise<Candidate[]> {
  await removeDeadParts(join(cacheDir, folder));
  const names = await readdir(join(cacheDir, folder)).catch(() => []);
  const found = await Promise.all(
    names
      .filter((name) => !name.startsWith("."))
      .map(async (name) => {
        const file = join(folder, name);
        const stats = await stat(join(cacheDir, file)).catch(() => undefined);
        return stats?.isFile() ? [{ file, size: stats.size, used: Math.max(stats.atimeMs, stats.mtimeMs) }] : [];
      }),
  );
  return found.flat();
}
