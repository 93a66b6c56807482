import type { z } from "zod";
import { holdsUnknown, masked } from "../core/deferred.ts";
import { type Failure, failure } from "../core/failure.ts";
import { type Step, valueAt } from "../core/property-path.ts";
import { shown } from "../core/shown.ts";
import { didYouMean } from "../core/suggest.ts";
import { ourName } from "./other-names.ts";
import { wanted } from "./wanted.ts";
import { withUnknowns } from "./with-unknowns.ts";

export interface ParseOptions {
  /** Steps to the value from the root of the user's paths. @default the value is the root */
  readonly at?: readonly Step[];
  /** Whether the value at the end of these steps, which begin at the value, is secret: no message shows it. @default never */
  readonly isSecret?: (steps: readonly Step[]) => boolean;
}

export interface Parsed<T> {
  /** With defaults; undefined when something is wrong. Unknown parts are the symbol `UNKNOWN`. */
  readonly value: T | undefined;
  readonly failures: readonly Failure[];
}

/**
 * Checks and completes a value by a schema. Unknown parts pass; everything beside them is checked. The one place that
 * turns zod's issues into messages: `got X, wanted Y`, where a schema's own message is the noun phrase Y.
 */
export function parse<S extends z.ZodType>(schema: S, value: unknown, options: ParseOptions = {}): Parsed<z.output<S>> {
  const given = masked(value);
  // the names that an object accepts, by zod's own list of the unknown ones
  const known = new Map<readonly string[], readonly string[]>();
  const { data, error } = (holdsUnknown(given) ? withUnknowns(schema) : schema).safeParse(given, {
    error: (issue) => {
      if (issue.code === "unrecognized_keys") {
        known.set(issue.keys as readonly string[], namesOf(issue.inst));
      }
      return wanted(issue);
    },
  });
  const translation: Translation = { root: given, at: options.at ?? [], isSecret: options.isSecret ?? (() => false), known };
  return { value: error ? undefined : data, failures: error ? error.issues.flatMap((issue) => translate(issue, translation)) : [] };
}

/** The names that an object accepts, or a record whose keys are a closed set. */
function namesOf(schema: z.core.$ZodRawIssue["inst"]): string[] {
  const { shape, keyType } = (schema?._zod.def ?? {}) as { readonly shape?: object; readonly keyType?: z.core.$ZodType };
  return shape ? Object.keys(shape) : [...(keyType?._zod.values ?? [])].map(String);
}

interface Translation extends Required<ParseOptions> {
  readonly root: unknown;
  readonly known: ReadonlyMap<readonly string[], readonly string[]>;
}

function translate(issue: z.core.$ZodIssue, translation: Translation, above: readonly Step[] = []): Failure[] {
  const { root, at, isSecret, known } = translation;
  const within = [...above, ...(issue.path as Step[])];
  const steps = [...at, ...within];
  const value = valueAt(root, within);
  switch (issue.code) {
    case "unrecognized_keys": {
      // a schema with one message for everything uses it for an unknown name too
      const names = known.get(issue.keys) ?? [issue.message];
      return issue.keys.map((key) => failure([...steps, key], unknownProperty(key, names)));
    }
    case "invalid_union": {
      const meant = meantBranch(issue, translation, within);
      if (meant) return meant;
      break;
    }
    case "invalid_key":
      return issue.issues.map(({ message }) => failure(steps, `got ${shown(within.at(-1))} as a name, wanted ${message}`));
  }
  if (value === undefined) return [failure(steps, `missing, wanted ${issue.message}`)];
  const got = typeof value !== "object" && isSecret(within) ? "a secret" : shown(value);
  return [failure(steps, `got ${got}, wanted ${issue.message}`)];
}

/** The message for a name that an object does not accept. */
export function unknownProperty(name: string, known: readonly string[]): string {
  return `unknown property${ourName(name, known) || didYouMean(name, known) || `, wanted one of ${known.join(", ")}`}`;
}

/** The failures of the intended alternative: the one whose first failure lies deepest; of several, the one that knows most names. */
function meantBranch(issue: z.core.$ZodIssueInvalidUnion, translation: Translation, within: readonly Step[]): Failure[] | undefined {
  let meant: { depth: number; unknown: number; branch: z.core.$ZodIssue[] } | undefined;
  for (const branch of issue.errors) {
    const isWrong = (inner: z.core.$ZodIssue): boolean =>
      inner.code !== "invalid_type" && valueAt(translation.root, [...within, ...(inner.path as Step[])]) !== undefined;
    const depth = Math.max(...branch.map((inner) => inner.path.length + (isWrong(inner) ? 1 : 0)));
    const unknown = branch.reduce((sum, inner) => sum + (inner.code === "unrecognized_keys" ? inner.keys.length : 0), 0);
    if (depth === 0 || (meant && (depth < meant.depth || (depth === meant.depth && unknown >= meant.unknown)))) continue;
    meant = { depth, unknown, branch };
  }
  return meant?.branch.flatMap((inner) => translate(inner, translation, within));
}
