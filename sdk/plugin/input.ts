import { z } from "zod";
import type { Step } from "../core/property-path.ts";

/** What happens to a resource when an input changes; `ignore` if the input does not affect the resource. */
export type OnChange = "replace" | "update" | "ignore";

/** Notes of a resource type about an input, beside its shape. */
export interface InputNotes {
  /** For the provider's schema, and so for the documentation of every other language. */
  readonly description: string;
  /** @default as for what is around it; for the resource as a whole "update" */
  readonly onChange?: OnChange;
  /** The engine encrypts it, and no message shows it. @default as for what is around it */
  readonly secret?: boolean;
}

const NOTES = z.registry<InputNotes>();

/**
 * An input of a resource type: `input("The name of the bucket.", text, { onChange: "replace" })`. Works on members of nested
 * objects too. The schema stays as it is; what comes back is a copy with the notes.
 */
export function input<S extends z.ZodType>(description: string, schema: S, notes: Omit<InputNotes, "description"> = {}): S {
  const copy = schema.clone();
  NOTES.add(copy, { description, ...notes });
  return copy;
}

/**
 * All inputs of a resource type. This one schema gives the TypeScript type, the check, the diff and the provider's schema.
 *
 * @param notes `onChange` is the rule for every input that has none of its own
 */
export function resourceInputs<S extends z.core.$ZodLooseShape>(description: string, shape: S, notes: Pick<InputNotes, "onChange"> = {}) {
  return input(description, z.strictObject(shape), notes);
}

/** The notes of a schema. */
export function notesOf(schema: z.core.$ZodType): InputNotes | undefined {
  return NOTES.get(schema as z.ZodType);
}

/** What a change at this path does to the resource: the nearest rule counts. */
export function onChangeAt(schema: z.ZodType, steps: readonly Step[]): OnChange {
  return notesAlong(schema, steps).findLast(({ onChange }) => onChange !== undefined)?.onChange ?? "update";
}

/** Whether the value at the end of these steps, or something around it, is marked as secret. */
export function isSecretAt(schema: z.ZodType, steps: readonly Step[]): boolean {
  return notesAlong(schema, steps).some(({ secret }) => secret);
}

/** The notes from the root to the end of these steps, as far as the schema leads. */
function notesAlong(root: z.core.$ZodType, steps: readonly Step[]): InputNotes[] {
  let here: readonly z.core.$ZodType[] = unwrapped(root);
  const notes = here.flatMap((schema) => notesOf(schema) ?? []);
  for (const step of steps) {
    here = here.flatMap((schema) => memberOf(schema, step)).flatMap(unwrapped);
    notes.push(...here.flatMap((schema) => notesOf(schema) ?? []));
  }
  return notes;
}

/** A schema, and those inside it that stand for the same value: without `optional`, and every form that it may have. */
export function unwrapped(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  const {
    innerType,
    options,
    in: input,
    out,
  } = schema._zod.def as z.core.$ZodTypeDef & {
    readonly innerType?: z.core.$ZodType;
    readonly options?: readonly z.core.$ZodType[];
    readonly in?: z.core.$ZodType;
    readonly out?: z.core.$ZodType;
  };
  return [schema, ...[innerType, ...(options ?? []), input, out].flatMap((inner) => (inner ? unwrapped(inner) : []))];
}

function memberOf(schema: z.core.$ZodType, step: Step): readonly z.core.$ZodType[] {
  const { shape, element, valueType } = schema._zod.def as z.core.$ZodTypeDef & {
    readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
    readonly element?: z.core.$ZodType;
    readonly valueType?: z.core.$ZodType;
  };
  const member = typeof step === "number" ? element : shape && Object.hasOwn(shape, step) ? shape[step] : valueType;
  return member ? [member] : [];
}
