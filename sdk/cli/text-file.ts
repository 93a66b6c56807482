import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { LinuxKitError } from "../core/errors.ts";

/** The name of standard input, as an argument and in messages. */
export const STANDARD_INPUT = "-";

/** The text of a file that an argument or option names; `-` is standard input. @throws NOT_FOUND */
export async function readText(file: string): Promise<string> {
  if (file === STANDARD_INPUT) return text(process.stdin);
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
