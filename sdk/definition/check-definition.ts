import { crossFailures } from "./cross-check.ts";
import { type Definition, definitionSchema } from "./definition.ts";
import { type Failure, failure } from "../core/failure.ts";
import { failuresOf } from "./failures-of.ts";
import { isDeferred } from "../core/deferred.ts";
import { deferredIn, type Draft, normalise } from "./normalise.ts";

/**
 * The strict check of a definition that came from outside as JSON. In a preview some of it may be unknown (a symbol
 * stands for it): that is passed over, unless `complete` is asked for.
 *
 * @returns the definition with its defaults, or every failure with its property path
 */
export function checkDefinition(
  json: unknown,
  options: { readonly complete?: boolean } = {},
): { readonly definition: Definition } | { readonly failures: readonly Failure[] } {
  const failures = failuresOf(definitionSchema, json);
  if (failures.length > 0) return { failures };
  // as a whole it may be unknown as well
  if (isDeferred(json) && !options.complete) return { definition: json as Definition };
  const definition = normalise(json as Draft);
  const deferred = options.complete ? deferredIn(definition) : undefined;
  if (deferred)
    return {
      failures: [
        failure(deferred, "got a value that is not known yet, wanted plain data: outside of a Pulumi program there are no Outputs"),
      ],
    };
  // a section that is not known yet may hold what the others name
  if (Object.values(definition).some(isDeferred)) return { definition };
  const crossed = crossFailures(definition);
  return crossed.length > 0 ? { failures: crossed } : { definition };
}
