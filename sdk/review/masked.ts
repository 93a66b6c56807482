import { secretIn } from "../policy/rules/secrets.ts";

/** A text, unless it looks like a secret. @param what names it instead: `line`, `command` */
export function masked(text: string, what: string): string {
  return secretIn(text, true) === undefined ? text : `[a ${what} that looks like a secret]`;
}
