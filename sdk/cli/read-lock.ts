import { LinuxKitError } from "../core/errors.ts";
import { isLock } from "../resolve/is-lock.ts";
import type { Lock } from "../resolve/lock.ts";
import { readText } from "./text-file.ts";

/** The error for a file that is no lock: `why` is "not JSON" or "not a lock". */
type Refuse = (file: string, why: string, cause?: unknown) => LinuxKitError;

const refuseLock: Refuse = (file, why, cause) =>
  new LinuxKitError("INVALID_DEFINITION", `--lock: ${file}: ${why}, wanted a file that --write-lock wrote`, { path: file }, { cause });

/**
 * The lock that `--write-lock` wrote.
 *
 * @param refuse makes the error for anything else @default that of `--lock`
 * @throws NOT_FOUND, and what `refuse` makes
 */
export async function readLock(file: string, refuse: Refuse = refuseLock): Promise<Lock> {
  const text = await readText(file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refuse(file, "not JSON", error);
  }
  if (!isLock(value)) throw refuse(file, "not a lock");
  return value;
}
