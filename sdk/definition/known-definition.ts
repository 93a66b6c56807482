import { type Failure, failure, throwFailures } from "../core/failure.ts";
import { deferredIn } from "./normalise.ts";

/** Where a definition, or a part of one, holds a value that only a Pulumi program knows: the first such place. */
export function unknownFailures(definition: object): readonly Failure[] {
  const steps = deferredIn(definition);
  return steps
    ? [
        failure(
          steps,
          "got a value that is not known yet, wanted plain data: Outputs work only in the resources of a Pulumi program, such as an ImageBuild",
        ),
      ]
    : [];
}

/** The same definition, or part of one. @throws INVALID_DEFINITION where only a Pulumi program knows a value of it */
export function knownDefinition<Part extends object>(definition: Part): Part {
  throwFailures(unknownFailures(definition));
  return definition;
}
