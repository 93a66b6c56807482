import type { z } from "zod";
import { LinuxKitError } from "../core/errors.ts";
import type { Advisory } from "./advisory.ts";
import { trackerAdvisories, trackerSchema } from "./debian-tracker.ts";
import { osvAdvisories, osvSchema } from "./osv.ts";

const WANTED = "an OSV advisory, a list of them, or the JSON of Debian's security tracker";

/**
 * The advisories in a text: an OSV document, a list of them, or the JSON of Debian's security tracker.
 *
 * @param what names it in messages
 * @throws CORRUPT for anything else
 */
export function readAdvisories(text: string, what: string): readonly Advisory[] {
  const value = jsonOf(text, what);
  if (Array.isArray(value)) return value.flatMap((one, index) => osvAdvisories(checked(osvSchema, one, `${what}[${index}]`)));
  if (typeof value === "object" && value !== null && "id" in value && "affected" in value)
    return osvAdvisories(checked(osvSchema, value, what));
  return trackerAdvisories(checked(trackerSchema, value, what));
}

function jsonOf(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LinuxKitError(
      "CORRUPT",
      `${what} is not JSON, wanted ${WANTED}: ${(error as Error).message}`,
      { path: what },
      { cause: error },
    );
  }
}

function checked<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new LinuxKitError(
    "CORRUPT",
    `${what}: ${issue?.path.join(".") || "document"}: ${issue?.message}; wanted ${WANTED}`,
    { path: what },
    { cause: parsed.error },
  );
}
