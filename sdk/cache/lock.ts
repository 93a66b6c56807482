import { lstat, lutimes, mkdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fromFileSystem, LinuxKitError, throwIfCancelled } from "../core/errors.ts";
import { markState, PROCESS_MARK } from "../core/process-mark.ts";

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** What is waited for, in messages. */
  readonly what?: string;
}

const POLL_MILLISECONDS = 50;
const BEAT_SECONDS = 30;
/** A holder that cannot be seen from here (another host or container) and has not given a sign for so long is gone. */
const SILENT_SECONDS = 10 * BEAT_SECONDS;

/**
 * Runs `work` while no other process, and nobody else in this one, holds the same lock. A holder that was killed
 * loses it. The lock is a symlink whose target names its holder: made, and read, in one step.
 *
 * Two processes that take over a dead holder's lock in the same instant may, rarely, both run: what is locked must
 * stay right then, and only cost double work. In the cache every file is written aside and renamed.
 */
export async function withLock<T>(path: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  await acquire(path, options);
  const beat = setInterval(() => void lutimes(path, new Date(), new Date()).catch(() => {}), BEAT_SECONDS * 1000).unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    await rm(path, { force: true });
  }
}

async function acquire(path: string, { signal, what = path }: LockOptions): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    while (!(await tryAcquire(path))) {
      throwIfCancelled(signal, `waiting for ${what}`);
      if (await isAbandoned(path)) await takeAway(path);
      else await sleep(POLL_MILLISECONDS, undefined, { ...(signal ? { signal } : {}) });
    }
  } catch (error) {
    if ((error as Error).name === "AbortError")
      throw new LinuxKitError("CANCELLED", `waiting for ${what} was cancelled`, { what }, { cause: error });
    throw fromFileSystem(error, path);
  }
}

async function tryAcquire(path: string): Promise<boolean> {
  try {
    await symlink(PROCESS_MARK, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const holder = await readlink(path).catch(() => undefined);
  if (holder === undefined) return false;
  const state = markState(holder);
  if (state !== "elsewhere") return state === "dead";
  const stats = await lstat(path).catch(() => undefined);
  return stats !== undefined && Date.now() - stats.mtimeMs > SILENT_SECONDS * 1000;
}

// moved first and looked at again: somebody may have taken it over, and be at work, since it was found abandoned
async function takeAway(path: string): Promise<void> {
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    await rename(path, aside);
    if (!(await isAbandoned(aside))) await symlink(await readlink(aside), path);
  } catch (error) {
    if (!["ENOENT", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}
