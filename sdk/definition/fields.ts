import { z } from "zod";
import { CAPABILITIES, type Capability } from "./capability.ts";
import { didYouMean } from "../core/suggest.ts";

/*
 * The leaves that several schemas share. A custom message of a schema is always the noun phrase that follows
 * "wanted" in the failure's text.
 */

/** An object with only these properties. */
export function fields<S extends z.core.$ZodLooseShape>(shape: S) {
  return z.strictObject(shape);
}

/** Text without a NUL, which no system call can carry. */
export const text = z.string().refine((value) => !value.includes("\0"), "text without a NUL byte");

/** Text that is not empty. */
export const word = text.min(1, "text that is not empty");

/** A path inside a container or the OS that cannot leave the tree: no `..`. */
export const treePath = word.refine(
  (path) => path.split("/").every((part) => part !== "..") && path.replaceAll("/", "").replaceAll(".", "") !== "",
  'a path that stays in the tree, without ".."',
);

/** A name that is also a directory, a container id and a word of a command line: letters, digits and `_ + - .` */
export const containerName = z
  .string()
  .regex(/^[A-Za-z0-9_+][A-Za-z0-9_+.-]{0,75}$/, 'at most 76 letters, digits or "_", "+", "-", ".", not beginning with "." or "-"');

/** A secret's name: a file name, and a part of a firmware or cloud key. */
export const secretName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/, 'at most 64 letters, digits or "_", "-", "."');

/** The sha256 of a content. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits");

/** A whole number of at least 0. */
export const count = z.int().min(0);

/** What a number of bytes is wanted to be: a size with a unit says which number was meant. */
export function bytesWanted(value: unknown): string | undefined {
  const [, digits, unit = ""] = (typeof value === "string" && /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?\s*$/i.exec(value)) || [];
  if (digits === undefined) return undefined;
  const power = ["", "k", "m", "g", "t"].indexOf(unit.toLowerCase());
  return `a number of bytes: ${Math.round(Number(digits) * 1024 ** power)}`;
}

/** A number of bytes. */
export const bytes = z.int({ error: ({ input }) => bytesWanted(input) });

/** A TCP port. */
export const port = z.int().min(1).max(65535);

const SECONDS_IN: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** What a number of seconds is wanted to be: a duration with its unit, as `5s` or `1m30s`, says which number was meant. */
export function secondsWanted(value: unknown): string | undefined {
  if (typeof value !== "string" || !/^(?:\d+(?:\.\d+)?(?:ms|[smh]))+$/.test(value)) return undefined;
  let sum = 0;
  for (const [, digits, unit = ""] of value.matchAll(/(\d+(?:\.\d+)?)(ms|[smh])/g)) sum += Number(digits) * (SECONDS_IN[unit] ?? 0);
  return `a number of seconds: ${Number(sum.toFixed(3))}`;
}

/** A number of seconds; fractions are allowed. */
export const anySeconds = z.number({ error: ({ input }) => secondsWanted(input) });

/** Seconds of a wait. */
export const seconds = anySeconds.positive().max(86_400);

/** Text of a file. What is no text goes in from a file, whose bytes are kept. */
export const fileContents = z.string({
  error: ({ input }) => (input instanceof Uint8Array ? "a string; put bytes into a file, and name it as source" : undefined),
});

const MODE_WANTED = 'octal digits in quotes, as "0644"';

/** Permission bits as octal digits in quotes, as LinuxKit writes them: `"0644"`. */
export const mode = z.string({ error: ({ input }) => modeWanted(input) }).regex(/^0?[0-7]{1,4}$/, MODE_WANTED);

/**
 * What a mode is wanted to be. YAML and JavaScript read `0644` without quotes as the number 420, and `644` as itself, so the digits
 * that were meant are guessed.
 */
export function modeWanted(value: unknown): string {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0) return MODE_WANTED;
  // 0777 is 511, so a larger number was typed without the leading zero; so were these
  const isTyped = value > 0o777 || [400, 440, 444, 500].includes(value);
  const digits = isTyped && !/[89]/.test(String(value)) ? String(value) : value.toString(8);
  return digits.length > 4 ? MODE_WANTED : `octal digits in quotes: "${digits.padStart(4, "0")}"`;
}

/** A user or group: its number, or the name of a container or of a user that the image declares. */
export const owner = z.union([z.int().min(0).max(0xffff_fffe), text], { error: "a number from 0, or a name" });

const CAPABILITY_WORDS = new Set(["all", "none"]);

/** A capability's name; `all` and `none` stand alone in their list. The type completes in an editor, and accepts any string. */
export const capability = z.custom<Capability | "all" | "none" | (string & {})>(
  (value) =>
    typeof value === "string" && (CAPABILITY_WORDS.has(value.toLowerCase()) || (CAPABILITIES as readonly string[]).includes(value)),
  {
    error: (issue) => {
      const meant = didYouMean(issue.input, CAPABILITIES);
      return meant ? `the name of a capability${meant}` : `one of ${CAPABILITIES.join(", ")}, all, none`;
    },
  },
);

/** A list of capabilities, or `["all"]`, or `["none"]`. */
export const capabilities = z.array(capability).superRefine((list, context) => {
  for (const [index, name] of list.entries()) {
    if (list.length > 1 && CAPABILITY_WORDS.has(name.toLowerCase())) {
      context.addIssue({ code: "custom", path: [index], input: name, message: `"${name}" alone in its list` });
    }
  }
});
