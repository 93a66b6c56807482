import { z } from "zod";
import { text } from "../../../sdk/plugin/fields.ts";
import type { RolloutDriver } from "../../../sdk/rollout/rollout.ts";
import { cloudGateType } from "../../../sdk/rollout/gate-type.ts";
import { ROLLOUT_DEFAULTS } from "../../../sdk/rollout/defaults.ts";
import type { AwsAccess } from "./access/clients.ts";
import { accessInputs } from "./access/inputs.ts";
import { instanceRefreshDriver, type RefreshTarget } from "./instance-refresh.ts";

/** Inputs of `linuxkit:index:RolloutGate` with the kind `aws`. */
export const gateInputs = z.strictObject({
  kind: z.literal("aws"),
  /** The fleet's name in the program, for messages. */
  fleet: text,
  group: text,
  launchTemplateId: text,
  launchTemplateVersion: z.string().regex(/^\d+$/, "wanted a version number: $Latest starts no instance refresh"),
  minHealthyPercentage: z.int().min(0).max(100).default(ROLLOUT_DEFAULTS.minHealthyPercentage),
  maxHealthyPercentage: z.int().min(100).max(200).default(ROLLOUT_DEFAULTS.maxHealthyPercentage),
  instanceWarmup: z.int().min(0).default(ROLLOUT_DEFAULTS.instanceWarmup),
  ...accessInputs,
});

type Connect = (access: AwsAccess, target: RefreshTarget) => RolloutDriver & Disposable;

/**
 * Waits for a group's instance refresh. It fails the update when the refresh fails or is rolled back; on Cancel it rolls back.
 *
 * @param paceSeconds between two looks
 */
export function awsGate(connect: Connect = instanceRefreshDriver, paceSeconds = 5) {
  return cloudGateType({
    kind: "aws",
    inputs: gateInputs,
    group: "group",
    update: ["launchTemplateId", "launchTemplateVersion"],
    driver: (inputs) => connect(inputs, inputs),
    paceSeconds,
  });
}
