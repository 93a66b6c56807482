import type { z } from "zod";
import { parsePath } from "../core/property-path.ts";
import { checkInputs } from "../plugin/check-inputs.ts";
import { type KindOf, leafDiff } from "../plugin/leaf-diff.ts";
import type { Checked, ResourceType, Work } from "../plugin/resource-type.ts";
import { type Properties, UNKNOWN } from "../plugin/value.ts";
import type { RolloutDriver, RolloutLimits } from "./rollout.ts";
import { runRollout } from "./run-rollout.ts";

/** What every gate is given. */
export interface GateInputs {
  /** The fleet's name in the program, for messages. */
  readonly fleet: string;
}

/** A driver, and what it holds until the rollout is over. */
type Driver = RolloutDriver & Partial<Disposable>;

/** What a gate of any backend is made of. */
export interface GateParts<I extends GateInputs, O extends object, D extends Driver = Driver> {
  readonly kind: string;
  check(inputs: Properties): Checked;
  /** What the change of an input means: another gate, another rollout, or nothing. */
  readonly onChange: KindOf;
  /** Outputs that no longer are as the inputs want them, without any change of an input. @default none are looked at */
  drifted?(oldOutputs: O, oldInputs: I): ReadonlyMap<string, "update"> | undefined;
  /** The part of the id after the kind. */
  id(inputs: I, work: Work): string;
  /** Connects to the fleet. `previous`: the inputs of the last rollout that succeeded. Undefined where nothing is there to roll. */
  driver(inputs: I, previous: I | undefined, work: Work): D | undefined | Promise<D | undefined>;
  /** Keeps what the machines need for as long as the rollout runs. @default nothing */
  during?<T>(inputs: I, work: Work, roll: () => Promise<T>): Promise<T>;
  /** @default those of `runRollout` */
  limits?(inputs: I): RolloutLimits;
  /** Seconds between two looks. */
  readonly paceSeconds: number;
  /** @param rollout the driver's id of it; empty where no rollout was needed */
  outputs(inputs: I, rollout: string, work: Work): O | Promise<O>;
  preview(inputs: Properties): Properties;
}

/**
 * The resource type of a rollout's gate: create and update roll the fleet and wait, and fail once the old image is back.
 * A new fleet starts with the new image, so create waits until its machines are healthy.
 */
export function gateType<I extends GateInputs, O extends object, D extends Driver = Driver>(gate: GateParts<I, O, D>): ResourceType<I, O> {
  const during = gate.during ?? ((_inputs, _work, roll) => roll());
  const roll = async (inputs: I, previous: I | undefined, work: Work): Promise<O> => {
    const { signal, progress } = work;
    const driver = await gate.driver(inputs, previous, work);
    if (!driver) return gate.outputs(inputs, "", work);
    const run = {
      name: inputs.fleet,
      signal,
      progress,
      paceSeconds: gate.paceSeconds,
      ...(gate.limits && { limits: gate.limits(inputs) }),
    };
    try {
      const { id } = await during(inputs, work, () => runRollout(driver, run));
      return await gate.outputs(inputs, id, work);
    } finally {
      driver[Symbol.dispose]?.();
    }
  };
  return {
    token: "linuxkit:index:RolloutGate",
    check: ({ inputs }) => gate.check(inputs),
    diff({ inputs, oldInputs, oldOutputs }) {
      const drifted = gate.drifted?.(oldOutputs, oldInputs);
      return { changed: leafDiff(oldInputs as unknown as Properties, inputs, gate.onChange), ...(drifted && { drifted }) };
    },
    preview: ({ inputs }) => gate.preview(inputs),
    create: async ({ inputs, ...work }) => ({ id: `${gate.kind}:${gate.id(inputs, work)}`, outputs: await roll(inputs, undefined, work) }),
    update: async ({ inputs, oldInputs, ...work }) => ({ outputs: await roll(inputs, oldInputs, work) }),
  };
}

/** What a gate of a cloud gives. */
export type CloudGateOutputs<I> = I & {
  /** The driver's id of the last rollout that was waited for; empty where no rollout was needed. */
  readonly rollout: string;
};

/** What a gate of a cloud is made of: the cloud has the machines, the gate only waits for them. */
export interface CloudGateParts<Schema extends z.ZodObject, D extends Driver>
  extends Pick<GateParts<z.output<Schema> & GateInputs, CloudGateOutputs<z.output<Schema>>, D>, "driver" | "limits" | "paceSeconds"> {
  readonly kind: string;
  readonly inputs: Schema;
  /** The input that names the group of machines. */
  readonly group: keyof z.output<Schema>;
  /** Further inputs whose change makes another gate. @default none */
  readonly replace?: readonly (keyof z.output<Schema>)[];
  /** Inputs whose change begins another rollout. All others tell how to roll or who asks: their change does nothing by itself. */
  readonly update: readonly (keyof z.output<Schema>)[];
}

/** The gate of a cloud's fleet. */
export function cloudGateType<Schema extends z.ZodObject, D extends Driver>({
  kind,
  inputs: schema,
  group,
  replace = [],
  update,
  ...parts
}: CloudGateParts<Schema, D>): ResourceType<z.output<Schema> & GateInputs, CloudGateOutputs<z.output<Schema>>> {
  const replacing: readonly PropertyKey[] = ["kind", group, ...replace];
  return gateType({
    ...parts,
    kind,
    check: (inputs) => checkInputs(schema, inputs),
    onChange(path) {
      const [name = ""] = parsePath(path);
      return replacing.includes(name) ? "replace" : (update as readonly PropertyKey[]).includes(name) ? "update" : "ignore";
    },
    id: (inputs) => String(inputs[group as string]),
    outputs: (inputs, rollout) => ({ ...inputs, rollout }),
    preview: (inputs) => ({ ...inputs, rollout: UNKNOWN }),
  });
}
