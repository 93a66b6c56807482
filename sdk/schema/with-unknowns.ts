import type { z } from "zod";
import { holdsUnknown } from "../core/deferred.ts";

type Schema = z.core.$ZodType;
type Definition = z.core.$ZodTypeDef & {
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly element?: Schema;
  readonly valueType?: Schema;
  readonly innerType?: Schema;
  readonly options?: readonly Schema[];
  readonly items?: readonly Schema[];
  readonly in?: Schema;
  readonly out?: Schema;
};

const made = new WeakMap<Schema, Schema>();

/**
 * The same schema, for a value with unknown parts. An unknown part is valid everywhere and stays unchanged. Everything
 * beside it is parsed as usual. A refinement or a transformation of a value waits until all of that value is known: it
 * would look into the unknown part.
 */
export function withUnknowns<S extends Schema>(schema: S): S {
  const known = made.get(schema);
  if (known) return known as S;
  const definition = schema._zod.def as Definition;
  const copy = new schema._zod.constr({ ...definition, ...withUnknownParts(definition) } as never);
  const { run, parse } = copy._zod;
  copy._zod.run = (payload, context) => {
    if (!holdsUnknown(payload.value)) return run(payload, context);
    if (typeof payload.value === "symbol" || definition.type === "transform") return payload;
    return parse(payload, context);
  };
  made.set(schema, copy);
  return copy as S;
}

function withUnknownParts(definition: Definition): Partial<Record<keyof Definition, unknown>> {
  const { shape, element, valueType, innerType, options, items } = definition;
  return {
    ...(shape && { shape: Object.fromEntries(Object.entries(shape).map(([name, member]) => [name, withUnknowns(member)])) }),
    ...(element && { element: withUnknowns(element) }),
    ...(valueType && { valueType: withUnknowns(valueType) }),
    ...(innerType && { innerType: withUnknowns(innerType) }),
    ...(options && { options: options.map((option) => withUnknowns(option)) }),
    ...(items && { items: items.map((item) => withUnknowns(item)) }),
    // what runs before a schema takes any value, and so an unknown part as well
    ...(definition.in && definition.in._zod.def.type !== "transform" && { in: withUnknowns(definition.in) }),
    ...(definition.out && { out: withUnknowns(definition.out) }),
  };
}
