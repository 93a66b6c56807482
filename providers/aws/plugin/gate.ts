import { z } from "zod";
import { leafDiff } from "../../../sdk/plugin/leaf-diff.ts";
import { checkInputs } from "../../../sdk/plugin/check-inputs.ts";
import type { ResourceType, Work } from "../../../sdk/plugin/resource-type.ts";
import { type Properties, UNKNOWN } from "../../../sdk/plugin/value.ts";
import type { RolloutDriver } from "../../../sdk/rollout/rollout.ts";
import { runRollout } from "../../../sdk/rollout/run-rollout.ts";
import type { AwsAccess } from "./access/clients.ts";
import { accessInputs, text } from "./access/inputs.ts";
import { instanceRefreshDriver, type RefreshTarget } from "./instance-refresh.ts";
import { ROLLOUT_DEFAULTS } from "../../../sdk/rollout/defaults.ts";

/** Inputs of `linuxkit:index:RolloutGate` with the kind `aws`. */
export const gateInputs = z.strictObject({
  kind: z.literal("aws"),
  /** The fleet's name in the program, for messages. */
  fleet: text,
  group: text,
  launchTemplateId: text,
  launchTemplateVersion: z.string().regex(/^\d+$/, "wanted the number of a version: no refresh begins for $Latest"),
  minHealthyPercentage: z.int().min(0).max(100).default(ROLLOUT_DEFAULTS.minHealthyPercentage),
  maxHealthyPercentage: z.int().min(100).max(200).default(ROLLOUT_DEFAULTS.maxHealthyPercentage),
  instanceWarmup: z.int().min(0).default(ROLLOUT_DEFAULTS.instanceWarmup),
  ...accessInputs,
});

export type GateInputs = z.infer<typeof gateInputs>;

export interface GateOutputs extends GateInputs {
  /** AWS's id of the last refresh that was waited for; empty where none was needed. */
  readonly rollout: string;
}

type Connect = (access: AwsAccess, target: RefreshTarget) => RolloutDriver & Disposable;

/**
 * Waits for a group's instance refresh, and fails the update when it fails or is rolled back; on Cancel it rolls back.
 *
 * @param paceSeconds between two looks
 */
export function awsGate(connect: Connect = instanceRefreshDriver, paceSeconds = 5): ResourceType<GateInputs, GateOutputs> {
  const roll = async (inputs: GateInputs, { signal, progress }: Work): Promise<GateOutputs> => {
    using driver = connect(inputs, inputs);
    const { id } = await runRollout(driver, { name: inputs.fleet, signal, progress, paceSeconds });
    return { ...inputs, rollout: id };
  };
  return {
    token: "linuxkit:index:RolloutGate",
    check: ({ inputs }) => checkInputs(gateInputs, inputs),
    diff: ({ inputs, oldInputs }) => ({
      changed: leafDiff(oldInputs as unknown as Properties, inputs, (path) =>
        path === "group" || path === "kind" ? "replace" : /^launchTemplate/.test(path) ? "update" : "ignore",
      ),
    }),
    preview: ({ inputs }) => ({ ...inputs, rollout: UNKNOWN }),
    // a new group starts with the new image: what is waited for is that its instances are healthy
    create: async ({ inputs, ...work }) => ({ id: `aws:${inputs.group}`, outputs: await roll(inputs, work) }),
    update: async ({ inputs, ...work }) => ({ outputs: await roll(inputs, work) }),
  };
}
