import { lstat, lutimes, readlink, rename, rm, symlink } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fromFileSystem, LinuxKitError, throwIfCancelled } from "../core/errors.ts";
import { isLeftBehind } from "../core/left-behind.ts";
import { PROCESS_MARK } from "../core/process-mark.ts";
import { makeFolder } from "../core/make-folder.ts";

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Names what is waited for, in messages. @default the lock's path */
  readonly what?: string;
}

const POLL_MILLISECONDS = 50;
const BEAT_SECONDS = 30;
/** A holder on another host or in another container counts as dead once its lock is this old without a beat. */
const SILENT_SECONDS = 10 * BEAT_SECONDS;

/**
 * Runs `work` while no other caller, in this process or another, holds the same lock. A killed holder loses it. The lock
 * is a symlink whose target names its holder: it is created, and read, in one step.
 *
 * Rarely, two processes that take over a dead holder's lock at the same moment both run. The locked work must then
 * stay correct, and only cost twice. In the cache this holds: every file is written aside and renamed.
 *
 * @throws CANCELLED when aborted while waiting, UNWRITABLE, DISK_FULL, and errors of `work`
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

/** Resolves once no live process holds the lock. It does not take the lock. */
export async function untilUnlocked(path: string): Promise<void> {
  for (let pause = 1; (await isHeld(path)) && !(await isAbandoned(path)); pause = Math.min(2 * pause, POLL_MILLISECONDS))
    await sleep(pause);
}

async function isHeld(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

async function acquire(path: string, { signal, what = path }: LockOptions): Promise<void> {
  try {
    await makeFolder(dirname(path));
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
  return isLeftBehind(path, holder, { unseenMilliseconds: SILENT_SECONDS * 1000 });
}

// moved aside and checked again: another process may have taken the lock over since it was found abandoned
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
