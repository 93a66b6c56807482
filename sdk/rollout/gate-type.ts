import type { z } from "zod";
import { checkInputs } from "../plugin/check-inputs.ts";
import { inputDiff } from "../plugin/input-diff.ts";
import type { Checked, CheckRequest, ResourceType, Work } from "../plugin/resource-type.ts";
import type { Properties } from "../plugin/value.ts";
import type { RolloutDriver, RolloutLimits } from "./rollout.ts";
import { runRollout } from "./run-rollout.ts";

/** The inputs of every gate. */
export interface GateInputs {
  /** The fleet's name in the program, for messages. */
  readonly fleet: string;
}

/** A driver that may hold connections until the rollout ends. */
export type Driver = RolloutDriver & Partial<Disposable>;

/** Work on one gate. */
export interface GateWork<O> extends Work {
  /** The part of the gate's id after the kind. */
  readonly id: string;
  /** The outputs in the state; undefined while the gate is being created. */
  readonly oldOutputs?: O;
}

/** The parts of a gate that differ between backends. */
export interface GateParts<I extends GateInputs, O extends object, D extends Driver = Driver> {
  readonly kind: string;
  /** Also tell what a changed input causes: another gate, another rollout, or nothing. */
  readonly inputs: z.ZodObject;
  /** For the provider's schema. */
  readonly outputSchema: z.ZodObject;
  /** As in {@link ResourceType}. */
  packages?(inputs: Properties): readonly string[];
  /** @default by `inputs` */
  check?(request: CheckRequest): Checked;
  /** Outputs that have drifted from the inputs. @default none */
  drifted?(oldOutputs: O, oldInputs: I): ReadonlyMap<string, "update"> | undefined;
  /** The part of the id after the kind. */
  id(inputs: I): string;
  /** Connects to the fleet; undefined if the fleet does not exist yet. `previous`: the inputs of the last successful rollout. */
  driver(inputs: I, previous: I | undefined, work: GateWork<O>): D | undefined | Promise<D | undefined>;
  /** Wraps the rollout, to keep files that machines need while it runs. @default no wrapper */
  during?<T>(inputs: I, work: Work, roll: () => Promise<T>): Promise<T>;
  /** @default those of `runRollout` */
  limits?(inputs: I): RolloutLimits;
  /** Seconds between two looks. */
  readonly paceSeconds: number;
  /** @param rollout the driver's id of the rollout; empty if none was needed */
  outputs(inputs: I, rollout: string, work: GateWork<O>): O | Promise<O>;
  preview(inputs: Properties): Properties;
}

/** Rolls the fleet of a gate and waits. `previous`: the inputs before, for a rollback. */
export function gateRoll<I extends GateInputs, O extends object, D extends Driver = Driver>(
  gate: Omit<GateParts<I, O, D>, "id">,
): (inputs: I, previous: I | undefined, work: GateWork<O>) => Promise<O> {
  const during = gate.during ?? ((_inputs, _work, roll) => roll());
  return async (inputs, previous, work) => {
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
}

/** A gate's id in the state without its kind. */
export function withoutKind(id: string): string {
  return id.slice(id.indexOf(":") + 1);
}

/**
 * The resource type of a gate. Create and update roll the fleet and wait; if the rollout fails they roll back, then reject.
 * A new fleet starts with the new image, so create waits until its machines are healthy.
 */
export function gateType<I extends GateInputs, O extends object, D extends Driver = Driver>(gate: GateParts<I, O, D>): ResourceType<I, O> {
  const roll = gateRoll(gate);
  return {
    token: "linuxkit:index:RolloutGate",
    inputs: gate.inputs,
    outputs: gate.outputSchema,
    ...(gate.packages && { packages: gate.packages }),
    check: (request) => gate.check?.(request) ?? checkInputs(gate.inputs, request.inputs, request),
    diff({ inputs, oldInputs, oldOutputs }) {
      const drifted = gate.drifted?.(oldOutputs, oldInputs);
      return { changed: inputDiff(gate.inputs, oldInputs, inputs), ...(drifted && { drifted }) };
    },
    preview: ({ inputs }) => gate.preview(inputs),
    async create({ inputs, ...work }) {
      const id = gate.id(inputs);
      return { id: `${gate.kind}:${id}`, outputs: await roll(inputs, undefined, { ...work, id }) };
    },
    update: async ({ id, inputs, oldInputs, ...work }) => ({ outputs: await roll(inputs, oldInputs, { ...work, id: withoutKind(id) }) }),
  };
}
