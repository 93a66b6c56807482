import { z } from "zod";
import { checkInputs } from "../plugin/check-inputs.ts";
import { input } from "../plugin/input.ts";
import { inputDiff } from "../plugin/input-diff.ts";
import type { Checked, CheckRequest, ResourceType, Work } from "../plugin/resource-type.ts";
import { type Properties, UNKNOWN } from "../plugin/value.ts";
import type { RolloutDriver, RolloutLimits } from "./rollout.ts";
import { runRollout } from "./run-rollout.ts";

/** The inputs of every gate. */
export interface GateInputs {
  /** The fleet's name in the program, for messages. */
  readonly fleet: string;
}

/** A driver that may hold connections until the rollout ends. */
type Driver = RolloutDriver & Partial<Disposable>;

/** The parts of a gate that differ between backends. */
export interface GateParts<I extends GateInputs, O extends object, D extends Driver = Driver> {
  readonly kind: string;
  /** Also tell what a changed input causes: another gate, another rollout, or nothing. */
  readonly inputs: z.ZodObject;
  /** For the provider's schema. */
  readonly outputSchema: z.ZodObject;
  /** @default by `inputs` */
  check?(request: CheckRequest): Checked;
  /** Outputs that have drifted from the inputs. @default none */
  drifted?(oldOutputs: O, oldInputs: I): ReadonlyMap<string, "update"> | undefined;
  /** The part of the id after the kind. */
  id(inputs: I, work: Work): string;
  /** Connects to the fleet; undefined if the fleet does not exist yet. `previous`: the inputs of the last successful rollout. */
  driver(inputs: I, previous: I | undefined, work: Work): D | undefined | Promise<D | undefined>;
  /** Wraps the rollout, to keep files that machines need while it runs. @default no wrapper */
  during?<T>(inputs: I, work: Work, roll: () => Promise<T>): Promise<T>;
  /** @default those of `runRollout` */
  limits?(inputs: I): RolloutLimits;
  /** Seconds between two looks. */
  readonly paceSeconds: number;
  /** @param rollout the driver's id of the rollout; empty if none was needed */
  outputs(inputs: I, rollout: string, work: Work): O | Promise<O>;
  preview(inputs: Properties): Properties;
}

/**
 * The resource type of a gate. Create and update roll the fleet and wait; if the rollout fails they roll back, then reject.
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
    inputs: gate.inputs,
    outputs: gate.outputSchema,
    check: (request) => gate.check?.(request) ?? checkInputs(gate.inputs, request.inputs, request),
    diff({ inputs, oldInputs, oldOutputs }) {
      const drifted = gate.drifted?.(oldOutputs, oldInputs);
      return { changed: inputDiff(gate.inputs, oldInputs, inputs), ...(drifted && { drifted }) };
    },
    preview: ({ inputs }) => gate.preview(inputs),
    create: async ({ inputs, ...work }) => ({ id: `${gate.kind}:${gate.id(inputs, work)}`, outputs: await roll(inputs, undefined, work) }),
    update: async ({ inputs, oldInputs, ...work }) => ({ outputs: await roll(inputs, oldInputs, work) }),
  };
}

const rolloutOutput = { rollout: input("The id of the last rollout; empty if none was needed.", z.string()) };

/** The outputs of a cloud's gate. */
export type CloudGateOutputs<I> = I & {
  /** The driver's id of the last rollout; empty if none was needed. */
  readonly rollout: string;
};

/** The parts of a gate that differ between clouds. A cloud owns the machines; its gate waits for them. */
export interface CloudGateParts<Schema extends z.ZodObject, D extends Driver>
  extends Pick<GateParts<z.output<Schema> & GateInputs, CloudGateOutputs<z.output<Schema>>, D>, "driver" | "limits" | "paceSeconds"> {
  readonly kind: string;
  readonly inputs: Schema;
  /** The input that names the group of machines. */
  readonly group: keyof z.output<Schema>;
}

/** The gate of a cloud's fleet. */
export function cloudGateType<Schema extends z.ZodObject, D extends Driver>({
  group,
  ...parts
}: CloudGateParts<Schema, D>): ResourceType<z.output<Schema> & GateInputs, CloudGateOutputs<z.output<Schema>>> {
  return gateType({
    ...parts,
    outputSchema: parts.inputs.extend(rolloutOutput),
    id: (inputs) => String(inputs[group as string]),
    outputs: (inputs, rollout) => ({ ...inputs, rollout }),
    preview: (inputs) => ({ ...inputs, rollout: UNKNOWN }),
  });
}
