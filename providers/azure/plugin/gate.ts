import { z } from "zod";
import { text } from "../../../sdk/plugin/fields.ts";
import { cloudGateType } from "../../../sdk/rollout/gate-type.ts";
import { accessInputs, placeInputs } from "./access/inputs.ts";
import { azureLogin } from "./access/login.ts";
import { resourceManager } from "./access/resource-manager.ts";
import { checkSubscription } from "./access/subscription.ts";
import { rollingUpgradeDriver } from "./rolling-upgrade.ts";
import { scaleSetOf } from "./scale-set.ts";

/** Inputs of `linuxkit:index:RolloutGate` with the kind `azure`. */
export const gateInputs = z.strictObject({
  kind: z.literal("azure"),
  /** The fleet's name in the program, for messages. */
  fleet: text,
  ...placeInputs,
  /** The scale set's name. The gate does not wait for one that does not exist yet. */
  scaleSet: text,
  /** The id of the image that all machines must run. */
  image: text,
  /** The user data that all machines must have, in base64. */
  userData: text.optional(),
  ...accessInputs,
});

/**
 * Rolls a scale set's machines to another image and waits for them. It fails the update when the rollout fails and was
 * rolled back; on Cancel it rolls back. Where every machine has the image already, it waits for the unhealthy ones.
 *
 * @param paceSeconds between two looks
 */
export function azureGate(paceSeconds = 5) {
  return cloudGateType({
    kind: "azure",
    inputs: gateInputs,
    group: "scaleSet",
    replace: ["subscriptionId", "resourceGroupName"],
    update: ["image", "userData"],
    async driver(inputs, previous, { signal }) {
      const manager = resourceManager(await azureLogin(inputs, signal));
      await checkSubscription(manager, inputs, signal);
      const set = scaleSetOf(manager, inputs);
      return (await set.describe(signal)) && rollingUpgradeDriver(set, inputs, previous, paceSeconds * 1000);
    },
    paceSeconds,
  });
}
