import { lstat, utimes } from "node:fs/promises";

/**
 * Marks a cached file as used now, by its access time alone: an unchanged cache is seen to be unchanged. A cache that
 * may not be written is used as it is.
 */
export async function markUsed(path: string, now = Date.now()): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats) await utimes(path, now / 1000, stats.mtimeMs / 1000).catch(() => {});
}

/** Gives a new cached file a modification time of whole seconds: only such a one survives {@link markUsed} exactly. */
export async function settleTimes(path: string, now = Date.now()): Promise<void> {
  await utimes(path, now / 1000, Math.floor(now / 1000)).catch(() => {});
}
