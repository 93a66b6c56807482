import { z } from "zod";
import { text } from "../../../sdk/plugin/fields.ts";
import { input, resourceInputs } from "../../../sdk/plugin/input.ts";
import type { RolloutDriver } from "../../../sdk/rollout/rollout.ts";
import { cloudGateType } from "../../../sdk/rollout/cloud-gate.ts";
import { ROLLOUT_DEFAULTS } from "../../../sdk/rollout/defaults.ts";
import type { AwsAccess } from "./access/clients.ts";
import { accessInputs, CLIENT_PACKAGES } from "./access/inputs.ts";
import type { RefreshTarget } from "./rollout-driver.ts";

/** Inputs of `linuxkit:index:RolloutGate` with the kind `aws`. */
export const gateInputs = resourceInputs(
  "Starts the instance refresh of an Auto Scaling group, and waits for it.",
  {
    kind: input("The backend.", z.literal("aws"), { onChange: "replace" }),
    fleet: input("The fleet's name in the program, for messages.", text),
    group: input("Name of the Auto Scaling group.", text, { onChange: "replace" }),
    launchTemplateId: input("Id of the launch template.", text, { onChange: "update" }),
    launchTemplateVersion: input(
      "Number of the launch template's version that all instances must run.",
      z.string().regex(/^\d+$/, "a version number: $Latest starts no instance refresh"),
      { onChange: "update" },
    ),
    minHealthyPercentage: input(
      "Percent of the group that stays in service.",
      z.int().min(0).max(100).default(ROLLOUT_DEFAULTS.minHealthyPercentage),
    ),
    maxHealthyPercentage: input(
      "Percent of the group that may exist during a rollout.",
      z.int().min(100).max(200).default(ROLLOUT_DEFAULTS.maxHealthyPercentage),
    ),
    instanceWarmup: input("Seconds before a new instance counts as healthy.", z.int().min(0).default(ROLLOUT_DEFAULTS.instanceWarmup)),
    ...accessInputs,
  },
  { onChange: "ignore" },
);

type Driver = RolloutDriver & Disposable;
type Connect = (access: AwsAccess, target: RefreshTarget) => Driver | Promise<Driver>;

// loaded on use: the provider's schema needs no client of AWS
const refreshDriver: Connect = async (access, target) => (await import("./rollout-driver.ts")).instanceRefreshDriver(access, target);

/**
 * Refreshes the instances of a group and waits. It fails the update when the refresh fails or is rolled back; on Cancel it rolls back.
 *
 * @param paceSeconds between two looks
 */
export function awsGate(connect: Connect = refreshDriver, paceSeconds = 5) {
  return cloudGateType({
    kind: "aws",
    packages: () => ["@aws-sdk/client-auto-scaling", ...CLIENT_PACKAGES],
    inputs: gateInputs,
    group: "group",
    driver: (inputs) => connect(inputs, inputs),
    paceSeconds,
  });
}
