import type { z } from "zod";
import { shown } from "../core/shown.ts";
import { didYouMean } from "../core/suggest.ts";

const OF_TYPE: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

/** A message lists an object's members only up to this number. */
const MOST_NAMES = 5;

/** What a schema wants, as the noun phrase that follows "wanted", unless the schema has its own message. */
export function wanted(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return (OF_TYPE[issue.expected] ?? issue.expected) + members(issue.inst) + hint(issue.input, issue.expected);
    case "invalid_value":
      return oneOf(issue.values) + didYouMean(issue.input, issue.values.map(String));
    case "invalid_union":
      return alternatives(issue.inst as unknown as z.core.$ZodUnion | undefined);
    case "too_small":
      return bounded(issue.origin, issue.inclusive === false ? "more than" : "at least", Number(issue.minimum));
    case "too_big":
      return bounded(issue.origin, issue.inclusive === false ? "less than" : "at most", Number(issue.maximum));
    case "invalid_format":
      return issue.pattern === undefined ? `text of the form ${issue.format}` : `text that matches ${issue.pattern}`;
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    default:
      return "another value";
  }
}

/** `"a" or "b"`, or `one of "a", "b", "c"`. */
function oneOf(values: readonly unknown[]): string {
  const words = values.map(shown);
  return words.length > 2 ? `one of ${words.join(", ")}` : words.join(" or ");
}

function bounded(origin: string, bound: string, limit: number): string {
  if (origin === "string") return bound === "at least" && limit === 1 ? "text that is not empty" : `text of ${bound} ${limit} characters`;
  if (origin === "array") return bound === "at least" && limit === 1 ? "a list that is not empty" : `a list of ${bound} ${limit}`;
  return `${bound} ${limit}`;
}

function alternatives(union: z.core.$ZodUnion | undefined): string {
  const kinds = (union?._zod.def.options ?? []).map((option) => {
    const { type, in: from } = option._zod.def as z.core.$ZodTypeDef & { readonly in?: z.core.$ZodType };
    if (from) return OF_TYPE[from._zod.def.type] ?? "another form";
    return type === "literal" || type === "enum"
      ? [...(option._zod.values ?? [])].map(shown).join(" or ")
      : (OF_TYPE[type] ?? "another form");
  });
  return [...new Set(kinds)].join(" or ");
}

/** ` { from?, to?, sign? }` of an object with few members; of one with many, those that it must have. */
function members(schema: z.core.$ZodRawIssue["inst"]): string {
  const { shape = {} } = (schema?._zod.def ?? {}) as { readonly shape?: Readonly<Record<string, z.core.$ZodType>> };
  const names = Object.entries(shape).map(([name, member]) => (member._zod.optin === undefined ? name : `${name}?`));
  if (names.length > MOST_NAMES) {
    const needed = names.filter((name) => !name.endsWith("?"));
    return needed.length > 0 && needed.length <= MOST_NAMES ? ` { ${needed.join(", ")}, … }` : "";
  }
  return names.length > 0 ? ` { ${names.join(", ")} }` : "";
}

function hint(value: unknown, expected: string): string {
  if ((expected === "number" || expected === "int") && typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)))
    return ": leave out the quotes";
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean")) return ": put it in quotes";
  if (expected === "object" && value === true) return ": write {} for the defaults";
  if (expected === "array" && (typeof value === "string" || (typeof value === "object" && value !== null))) return ": put it in [ ]";
  return "";
}
