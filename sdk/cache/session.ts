import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fromFileSystem } from "../core/errors.ts";
import { markState, PROCESS_MARK } from "../core/process-mark.ts";

/** Work that reads the cache. Files that it has used stay until it ends. The session of a killed process counts for nothing. */
export interface CacheSession extends Disposable {
  /** Names the session among those of the cache. */
  readonly id: string;
}

/** The clocks of hosts that share a cache may differ by this much. */
const MARGIN_MILLISECONDS = 2000;

/** How long the session of a process that cannot be seen from here counts. */
const UNSEEN_MILLISECONDS = 24 * 60 * 60 * 1000;

/**
 * Opens a session. It takes no lock: a prune that is running does not see the session, and every look-up waits until
 * that prune ends. It works synchronously because a constructor calls it.
 *
 * A read-only cache gets no session: no process here can remove files from it.
 *
 * @throws DISK_FULL
 */
export function openSession(cacheDir: string): CacheSession {
  const id = `${PROCESS_MARK}.${randomBytes(6).toString("hex")}`;
  const path = join(sessionFolder(cacheDir), id);
  try {
    mkdirSync(sessionFolder(cacheDir), { recursive: true });
    writeFileSync(path, String(Date.now()));
  } catch (cause) {
    const error = fromFileSystem(cause, path);
    if (!["EROFS", "EACCES", "EPERM"].includes((cause as NodeJS.ErrnoException).code ?? "")) throw error;
  }
  return { id, [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

/**
 * The time, in milliseconds since 1970, from which on every used file stays: when the oldest live session began.
 * Infinity without one.
 */
export async function usedSince(cacheDir: string): Promise<number> {
  const starts = (await readdir(sessionFolder(cacheDir)).catch(() => [])).map(async (name) => {
    const path = join(sessionFolder(cacheDir), name);
    const state = markState(name.split(".")[0] ?? "");
    const start = (await stat(path).catch(() => undefined))?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (state === "dead" || (state === "elsewhere" && Date.now() - start > UNSEEN_MILLISECONDS)) {
      await rm(path, { force: true });
      return Number.POSITIVE_INFINITY;
    }
    // until the file is written, its own time counts
    const written = Number((await readFile(path, "utf8").catch(() => "")) || Number.NaN);
    return Math.min(start, Number.isNaN(written) ? start : written) - (state === "elsewhere" ? MARGIN_MILLISECONDS : 0);
  });
  return Math.min(Number.POSITIVE_INFINITY, ...(await Promise.all(starts)));
}

function sessionFolder(cacheDir: string): string {
  return join(cacheDir, "sessions");
}
