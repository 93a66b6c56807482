import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { LinuxKitError } from "../core/errors.ts";

/** The text of a file that an option names. @throws NOT_FOUND */
export async function readText(file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: Error) => {
    throw new LinuxKitError("NOT_FOUND", `cannot read ${resolve(file)}: ${cause.message}`, { what: file }, { cause });
  });
}

/** The passphrase in the first line of a file; empty without a file. @throws NOT_FOUND */
export async function readPassphrase(file: string | undefined): Promise<{ readonly passphrase?: string }> {
  if (file === undefined) return {};
  const [passphrase = ""] = (await readText(file)).split(/\r?\n/);
  return { passphrase };
}
