import type { VerifyRules } from "../sign/verify-rules.ts";
import { UsageError } from "./command.ts";
import { readText } from "./text-file.ts";

/** Options of the form NAME=VALUE, by name; of two with one name the last counts. @throws UsageError */
export function pairs(option: string, form: string, given: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(given.map((text) => split(option, form, text)));
}

/** The public keys of `--verify NAME=FILE`, by registry or repository. @throws UsageError, NOT_FOUND */
export async function readKeys(given: readonly string[]): Promise<VerifyRules> {
  const rules: Record<string, string[]> = {};
  for (const text of given) {
    const [name, file] = split("--verify", "NAME=FILE", text);
    rules[name] = [...(rules[name] ?? []), await readText(file)];
  }
  return rules;
}

function split(option: string, form: string, text: string): [name: string, value: string] {
  const [, name, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new UsageError(`${option}: got "${text}", wanted ${form}`);
  return [name, value];
}
