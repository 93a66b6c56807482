import type { z } from "zod";
import { formatPath, type Step } from "../core/property-path.ts";
import type { CheckFailure, Checked } from "./resource-type.ts";
import { hasUnknown, type Properties } from "./value.ts";

/**
 * Checks and completes inputs by a schema. Members that are not known yet are passed over and stay as they are; each
 * failure has its own path.
 */
export function checkInputs(schema: z.ZodObject, given: Properties): Checked {
  const members = Object.entries(given).filter(([, value]) => value !== null && value !== undefined);
  const unknown = members.filter(([, value]) => hasUnknown(value)).map(([name]) => name);
  const known = Object.fromEntries(members.filter(([name]) => !unknown.includes(name)));
  const later = Object.fromEntries(unknown.filter((name) => name in schema.shape).map((name) => [name, true as const]));
  const parsed = schema.partial(later as never).safeParse(known);
  const failures: CheckFailure[] = [
    ...unknown.filter((name) => !(name in schema.shape)).map((name) => ({ path: name, message: noSuch(schema) })),
  ];
  if (!parsed.success) failures.push(...parsed.error.issues.flatMap((issue) => failuresOf(issue, schema)));
  const checked = parsed.success ? (parsed.data as Properties) : given;
  return { inputs: { ...checked, ...Object.fromEntries(unknown.map((name) => [name, given[name]])) }, failures };
}

function failuresOf(issue: z.core.$ZodIssue, schema: z.ZodObject): CheckFailure[] {
  const path = formatPath(issue.path as Step[]);
  if (issue.code === "unrecognized_keys" && issue.path.length === 0)
    return issue.keys.map((key) => ({ path: key, message: noSuch(schema) }));
  return [{ path, message: issue.message.replace(/^[A-Z]/, (letter) => letter.toLowerCase()) }];
}

function noSuch(schema: z.ZodObject): string {
  return `no such property, wanted one of ${Object.keys(schema.shape).join(", ")}`;
}
