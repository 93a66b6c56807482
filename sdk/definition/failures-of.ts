import type { z } from "zod";
import type { Failure } from "../core/failure.ts";
import type { Step } from "../core/property-path.ts";
import { parse } from "../schema/parse.ts";

/** Checks a part of a definition by its schema. An unknown value passes; it is checked once it is known. */
export function failuresOf(schema: z.ZodType, value: unknown, at: readonly Step[] = []): readonly Failure[] {
  return parse(schema, value, { at, isSecret }).failures;
}

/** The values of services' secrets, and the key of the interface. */
function isSecret(within: readonly Step[]): boolean {
  return within.includes("secrets") || (within[0] === "api" && within[1] === "key");
}
