import type { z } from "zod";
import { onChangeAt } from "./input.ts";
import { leafDiff } from "./leaf-diff.ts";
import type { DiffKind } from "./resource-type.ts";
import type { Properties } from "./value.ts";

/** Compares inputs leaf by leaf; what becomes of each change is what the schema says of that input. */
export function inputDiff(schema: z.ZodObject, oldInputs: object, inputs: Properties): Map<string, DiffKind> {
  return leafDiff(oldInputs as Properties, inputs, (_, steps) => onChangeAt(schema, steps));
}
