import { leafDiff } from "../../sdk/plugin/leaf-diff.ts";
import type { AnyResourceType, Provider } from "../../sdk/plugin/provider.ts";
import { type Properties, UNKNOWN } from "../../sdk/plugin/value.ts";
import { PulumiArguments } from "./pulumi-arguments.ts";

/** One resource type of a stand-in for a cloud's provider: its effect on the stand-in's world. The declarations define its arguments. */
export interface StandInType {
  /** `aws:ec2/ami:Ami` */
  readonly token: string;
  /** Inputs whose change replaces the resource; with `"all"`, every input except `inPlace`. @default none */
  readonly replaces?: readonly string[] | "all";
  /** With `replaces: "all"`, the inputs that may change in place. */
  readonly inPlace?: readonly string[];
  /** Whether the provider replaces the resource for this change. @default never */
  readonly replacesWhere?: (input: string, now: Properties, before: Properties) => boolean;
  /** Outputs that are unknown before creation. */
  readonly computed: readonly string[];
  /** Outputs that become unknown when it changes in place. @default those of `computed` */
  readonly recomputed?: readonly string[];
  /** Throws what the cloud refuses, and {@link Unfinished}. */
  create(name: string, inputs: Properties, signal: AbortSignal): Made | Promise<Made>;
  /** Throws as `create` does. @default the new inputs are the outputs */
  update?(id: string, inputs: Properties, old: Properties, signal: AbortSignal, oldInputs: Properties): Properties | Promise<Properties>;
  exists(id: string): boolean | Promise<boolean>;
  /** Throws what the cloud refuses. */
  remove(id: string): void | Promise<void>;
}

/** Thrown when a resource exists but is incomplete: the state keeps it, and the operation fails. */
export class Unfinished extends Error {
  readonly made: Made;

  constructor(made: Made, cause: Error) {
    super(cause.message, { cause });
    this.made = made;
  }
}

interface Made {
  readonly id: string;
  readonly outputs: Properties;
}

export interface StandIn {
  /** The package in type tokens: `aws`. Its npm package is `@pulumi/aws`. */
  readonly name: string;
  /** Keys of the stack's configuration that the provider takes: `region`. */
  readonly config: readonly string[];
  readonly types: readonly StandInType[];
  readonly functions: NonNullable<Provider["functions"]>;
}

/** `pulumi-resource-NAME` with these types, which refuses every argument that `@pulumi/NAME` does not declare. */
export function standInProvider({ name, config, types, functions }: StandIn): Provider {
  const args = new PulumiArguments(`@pulumi/${name}`);
  return {
    name,
    version: args.version,
    config: Object.fromEntries(config.map((key) => [key, key])),
    types: Object.fromEntries(types.map((type) => [type.token, async () => resourceType(type, args)])),
    functions,
  };
}

function resourceType(
  {
    token,
    replaces = [],
    inPlace = [],
    replacesWhere = () => false,
    computed,
    recomputed = computed,
    create,
    update,
    exists,
    remove,
  }: StandInType,
  args: PulumiArguments,
): AnyResourceType {
  const unknown = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, UNKNOWN]));
  const kindOf = (now: Properties, before: Properties) => (path: string) => {
    const [input = ""] = path.split(/[.[]/);
    return (replaces === "all" ? !inPlace.includes(input) : replaces.includes(input)) || replacesWhere(input, now, before)
      ? "replace"
      : "update";
  };
  return {
    token,
    check: ({ inputs }) => ({ inputs, failures: args.wrong(token, inputs) }),
    // like Pulumi's bridge to Terraform: a name from the program is free only after the old resource is deleted
    diff: ({ inputs, oldInputs }) => ({
      changed: leafDiff(oldInputs, inputs, kindOf(inputs, oldInputs)),
      deleteBeforeReplace: inputs.name !== undefined && inputs.name === oldInputs.name,
    }),
    preview: ({ inputs, old }) => ({
      ...old?.outputs,
      ...inputs,
      ...unknown(old ? recomputed : computed),
      name: inputs.name ?? old?.outputs.name ?? UNKNOWN,
    }),
    create: ({ name, inputs, signal }) => kept(async () => create(name, inputs, signal)),
    read: async ({ id, outputs }) => ((await exists(id)) && outputs ? { id, outputs } : undefined),
    update: ({ id, inputs, oldInputs, oldOutputs, signal }) =>
      kept(async () => ({ id, outputs: update ? await update(id, inputs, oldOutputs, signal, oldInputs) : { ...oldOutputs, ...inputs } })),
    delete: async ({ id }) => remove(id),
  };
}

async function kept(make: () => Promise<Made>): Promise<Made & { readonly failure?: Error }> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof Unfinished) return { ...error.made, failure: error };
    throw error;
  }
}
