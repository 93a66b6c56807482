import { lstat, utimes } from "node:fs/promises";

/**
 * Marks a cached file as used now. Only the access time changes, so an unchanged file keeps its modification time. In a
 * read-only cache this does nothing.
 */
export async function markUsed(path: string, now = Date.now()): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats) await utimes(path, now / 1000, stats.mtimeMs / 1000).catch(() => {});
}

/** Rounds a new cached file's modification time to whole seconds, which {@link markUsed} preserves exactly. */
export async function settleTimes(path: string, now = Date.now()): Promise<void> {
  await utimes(path, now / 1000, Math.floor(now / 1000)).catch(() => {});
}
