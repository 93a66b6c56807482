import { crossFailures } from "./cross-check.ts";
import { type Definition, definitionSchema } from "./definition.ts";
import type { Failure } from "../core/failure.ts";
import { failuresOf } from "./failures-of.ts";
import { isDeferred } from "../core/deferred.ts";
import { unknownFailures } from "./known-definition.ts";
import { type Draft, normalise } from "./normalise.ts";

/**
 * The strict check of a definition that came from outside as JSON. In a preview, parts of it may be unknown (a symbol
 * stands for each). They are ignored, unless `complete` is set.
 *
 * @returns the definition with its defaults, or every failure with its property path
 */
export function checkDefinition(
  json: unknown,
  options: { readonly complete?: boolean } = {},
): { readonly definition: Definition } | { readonly failures: readonly Failure[] } {
  const failures = failuresOf(definitionSchema, json);
  if (failures.length > 0) return { failures };
  // the whole definition may be unknown too
  if (isDeferred(json) && !options.complete) return { definition: json as Definition };
  const definition = normalise(json as Draft);
  const unknown = options.complete ? unknownFailures(definition) : [];
  if (unknown.length > 0) return { failures: unknown };
  // an unknown section may hold the names that the others use
  if (Object.values(definition).some(isDeferred)) return { definition };
  const crossed = crossFailures(definition);
  return crossed.length > 0 ? { failures: crossed } : { definition };
}
