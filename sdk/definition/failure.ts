import type { z } from "zod";
import { LinuxKitError } from "../core/errors.ts";
import { formatPath, type Step } from "../core/property-path.ts";
import { isDeferred, masked } from "./inputs.ts";
import { didYouMean } from "./suggest.ts";

/** One thing that is wrong, and where. */
export interface Failure {
  /** Where, as steps from the root of what was checked. */
  readonly steps: readonly Step[];
  /** The same as the user would write it: `services.web.capabilities[0]`. */
  readonly path: string;
  /** What was got and what is wanted, without the path. */
  readonly message: string;
}

/** A failure at a place. */
export function failure(steps: readonly Step[], message: string): Failure {
  return { steps, path: formatPath(steps), message };
}

/** Checks a value by a schema. What is not known yet is passed over: it is checked once it is known. */
export function failuresOf(schema: z.ZodType, value: unknown, at: readonly Step[] = []): Failure[] {
  const known = masked(value);
  const { error } = schema.safeParse(known);
  return error ? error.issues.flatMap((issue) => translate(issue, known, at, [])) : [];
}

/** Throws one `INVALID_DEFINITION` that names every failure, each on its line; nothing when there is none. */
export function throwFailures(failures: readonly Failure[]): void {
  const [first] = failures;
  if (!first) return;
  throw new LinuxKitError(
    "INVALID_DEFINITION",
    failures.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("\n"),
    { path: first.path },
  );
}

/** How a message shows a value that somebody gave. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  if (typeof value === "function") return "a function";
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

function translate(issue: z.core.$ZodIssue, root: unknown, at: readonly Step[], above: readonly Step[]): Failure[] {
  const within = [...above, ...(issue.path as Step[])];
  const value = valueAt(root, within);
  if (isDeferred(value)) return [];
  const steps = [...at, ...within];
  // a secret's value is never shown, however wrong it is
  const got = within.includes("secrets") && typeof value === "string" ? "a secret" : shown(value);
  switch (issue.code) {
    case "unrecognized_keys": {
      const known = issue.message.split(", ");
      return issue.keys.map((key) =>
        failure([...steps, key], `unknown field${didYouMean(key, known) || `, wanted one of ${issue.message}`}`),
      );
    }
    case "invalid_type":
      if (value === undefined) return [failure(steps, `missing, wanted ${EXPECTED[issue.expected] ?? issue.expected}`)];
      return [failure(steps, `got ${got}, wanted ${EXPECTED[issue.expected] ?? issue.expected}${hint(value, issue.expected)}`)];
    case "invalid_value":
      return [
        failure(
          steps,
          `got ${got}, wanted ${issue.values.map((wanted) => shown(wanted)).join(" or ")}${didYouMean(value, issue.values.map(String))}`,
        ),
      ];
    case "invalid_union":
      return translateUnion(issue, root, at, within, got);
    case "invalid_key":
      return issue.issues.map((inner) => failure(steps, `got ${shown(within.at(-1))} as a name, wanted ${inner.message}`));
    case "too_small":
      return [
        failure(
          steps,
          `got ${got}, wanted ${issue.message.startsWith("Too small") ? `at least ${issue.minimum}${issue.inclusive ? "" : ", and more"}` : issue.message}`,
        ),
      ];
    case "too_big":
      return [failure(steps, `got ${got}, wanted at most ${issue.maximum}`)];
    default:
      return [failure(steps, `got ${got}, wanted ${issue.message}`)];
  }
}

/** Of the alternatives, the one that was meant: it got furthest before something was wrong with it. */
function translateUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  root: unknown,
  at: readonly Step[],
  within: readonly Step[],
  got: string,
): Failure[] {
  let meant: { depth: number; failures: Failure[] } | undefined;
  for (const branch of issue.errors) {
    const failures = branch.flatMap((inner) => translate(inner, root, at, within));
    if (failures.length === 0 && branch.length > 0) return [];
    const depth = Math.max(...branch.map((inner) => inner.path.length + (inner.code === "invalid_type" ? 0 : 1)));
    if (depth > 0 && (meant === undefined || depth > meant.depth)) meant = { depth, failures };
  }
  return meant?.failures ?? [failure([...at, ...within], `got ${got}, wanted ${issue.message}`)];
}

function hint(value: unknown, expected: string): string {
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean")) return `: put it in quotes`;
  if (expected === "array" && (typeof value === "string" || (typeof value === "object" && value !== null))) return `: put it in [ ]`;
  return "";
}

function valueAt(root: unknown, steps: readonly Step[]): unknown {
  let value = root;
  for (const step of steps) {
    if (isDeferred(value)) return value;
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<Step, unknown>)[step];
  }
  return value;
}
