import { z } from "zod";
import { checkInputs } from "../../../sdk/plugin/check-inputs.ts";
import { leafDiff } from "../../../sdk/plugin/leaf-diff.ts";
import type { ResourceType, Work } from "../../../sdk/plugin/resource-type.ts";
import { type Properties, UNKNOWN } from "../../../sdk/plugin/value.ts";
import type { RolloutDriver } from "../../../sdk/rollout/rollout.ts";
import { runRollout } from "../../../sdk/rollout/run-rollout.ts";
import { accessInputs, text } from "./access/inputs.ts";
import type { GcpAccess } from "./access/login.ts";
import { type GroupTarget, groupUpdateDriver } from "./group-update.ts";
import { ROLLOUT_DEFAULTS } from "../../../sdk/rollout/defaults.ts";

/** Inputs of `linuxkit:index:RolloutGate` with the kind `gcp`. */
export const gateInputs = z.strictObject({
  kind: z.literal("gcp"),
  /** The fleet's name in the program, for messages. */
  fleet: text,
  project: text,
  region: text,
  group: text,
  /** Link of an instance template. */
  template: z
    .string()
    .regex(/projects\/[^/]+\/(?:global|regions\/[^/]+)\/instanceTemplates\/[^/]+$/, "wanted the link of an instance template"),
  stallSeconds: z.int().min(1).default(ROLLOUT_DEFAULTS.stallSeconds),
  ...accessInputs,
});

export type GateInputs = z.infer<typeof gateInputs>;

export interface GateOutputs extends GateInputs {
  /** Link of the template that was waited for; empty where nothing had to be. */
  readonly rollout: string;
}

type Connect = (access: GcpAccess, target: GroupTarget) => RolloutDriver;

/**
 * Waits for the instances of a regional managed instance group, and fails the update when they do not become healthy or
 * on Cancel: the template of the last rollout that came to its end is then put back.
 *
 * @param paceSeconds between two looks
 */
export function gcpGate(connect: Connect = groupUpdateDriver, paceSeconds = 5): ResourceType<GateInputs, GateOutputs> {
  const roll = async (inputs: GateInputs, previous: string | undefined, { signal, progress }: Work): Promise<GateOutputs> => {
    const { id } = await runRollout(connect(inputs, { ...inputs, previous }), {
      name: inputs.fleet,
      signal,
      progress,
      paceSeconds,
      limits: { stallSeconds: inputs.stallSeconds },
    });
    return { ...inputs, rollout: id };
  };
  return {
    token: "linuxkit:index:RolloutGate",
    check: ({ inputs }) => checkInputs(gateInputs, inputs),
    diff: ({ inputs, oldInputs }) => ({
      changed: leafDiff(oldInputs as unknown as Properties, inputs, (path) =>
        ["kind", "project", "region", "group"].includes(path) ? "replace" : path === "template" ? "update" : "ignore",
      ),
    }),
    preview: ({ inputs }) => ({ ...inputs, rollout: UNKNOWN }),
    // a new group starts with the new image: what is waited for is that its instances are healthy
    create: async ({ inputs, ...work }) => ({ id: `gcp:${inputs.group}`, outputs: await roll(inputs, undefined, work) }),
    update: async ({ inputs, oldInputs, ...work }) => ({ outputs: await roll(inputs, oldInputs.template, work) }),
  };
}
