import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { z } from "zod";
import { LinuxKitError } from "../../../sdk/core/errors.ts";

/** The longest record in bytes: ids, host paths and a command line of the kernel are a few KB. */
const LIMIT = 1 << 20;

/**
 * Reads a JSON record of the state folder. People, backups and other versions of this library write there too.
 *
 * @param schema is loaded where there is a record: the shell's commands start sooner without it
 * @param what of what it is the record, and what to do where it is damaged
 * @returns undefined if the file does not exist
 * @throws CORRUPT for what cannot be such a record; UNWRITABLE where this user may not look
 */
export async function readHostRecord<T>(path: string, schema: () => Promise<z.ZodType<T>>, what: string): Promise<T | undefined> {
  const damaged = (cause?: unknown) => new LinuxKitError("CORRUPT", `${path}: the record of ${what}`, { path }, { cause });
  // a pipe would wait for a writer
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: unknown) => whereMissing(error, path));
  if (!file) return undefined;
  await using _ = file;
  const stats = await file.stat();
  if (!stats.isFile() || stats.size > LIMIT) throw damaged();
  const text = await file.readFile("utf8");
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw damaged(error);
  }
  const checked = (await schema()).safeParse(read);
  if (!checked.success) throw damaged(checked.error);
  return checked.data;
}

/**
 * Undefined where a file or folder does not exist. What this user may not see is not missing: a machine of another user runs on.
 *
 * @throws UNWRITABLE for every other error
 */
export function whereMissing(error: unknown, path: string): undefined {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") return undefined;
  throw new LinuxKitError(
    "UNWRITABLE",
    `cannot look into ${path}: ${message}: run Pulumi as the user who owns it; to forget what is there, run \`pulumi state delete\``,
    { path },
    { cause: error },
  );
}
