import type { z } from "zod";
import { onChangeAt } from "./input.ts";
import { leafDiff } from "./leaf-diff.ts";
import type { DiffKind } from "./resource-type.ts";
import type { Properties } from "./value.ts";

/** Compares inputs leaf by leaf; the schema's note of each input decides what its change does. */
export function inputDiff(schema: z.ZodObject, oldInputs: object, inputs: Properties): Map<string, DiffKind> {
  return leafDiff(oldInputs as Properties, inputs, (_, steps) => onChangeAt(schema, steps));
}
