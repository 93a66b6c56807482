import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fromFileSystem } from "../core/errors.ts";
import { isLeftBehind } from "../core/left-behind.ts";
import { markState, PROCESS_MARK } from "../core/process-mark.ts";
import { makeFolderSync } from "../core/make-folder.ts";

/** The clocks of hosts that share a cache may differ by this much. */
const MARGIN_MILLISECONDS = 2000;

/**
 * Opens a session: work that reads the cache. Files that it has used stay until it ends; the session of a killed process
 * counts for nothing. It takes no lock: a prune that is running does not see the session, and every look-up waits until
 * that prune ends. It works synchronously because a constructor calls it.
 *
 * A read-only cache gets no session: no process here can remove files from it.
 *
 * @throws DISK_FULL
 */
export function openSession(cacheDir: string): Disposable {
  const path = join(sessionFolder(cacheDir), `${PROCESS_MARK}.${randomBytes(6).toString("hex")}`);
  try {
    makeFolderSync(sessionFolder(cacheDir));
    writeFileSync(path, String(Date.now()));
  } catch (cause) {
    if (!["EROFS", "EACCES", "EPERM"].includes((cause as NodeJS.ErrnoException).code ?? "")) throw fromFileSystem(cause, path);
  }
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) };
}

/**
 * The time, in milliseconds since 1970, from which on every used file stays: when the oldest live session began.
 * Infinity without one.
 */
export async function usedSince(cacheDir: string): Promise<number> {
  const starts = (await readdir(sessionFolder(cacheDir)).catch(() => [])).map(async (name) => {
    const path = join(sessionFolder(cacheDir), name);
    const mark = name.split(".")[0] ?? "";
    if (await isLeftBehind(path, mark)) {
      await rm(path, { force: true });
      return Number.POSITIVE_INFINITY;
    }
    const start = (await stat(path).catch(() => undefined))?.mtimeMs ?? Number.POSITIVE_INFINITY;
    // until the file is written, its own time counts
    const written = Number((await readFile(path, "utf8").catch(() => "")) || Number.NaN);
    return Math.min(start, Number.isNaN(written) ? start : written) - (markState(mark) === "elsewhere" ? MARGIN_MILLISECONDS : 0);
  });
  return Math.min(Number.POSITIVE_INFINITY, ...(await Promise.all(starts)));
}

function sessionFolder(cacheDir: string): string {
  return join(cacheDir, "sessions");
}
