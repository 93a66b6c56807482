import { z } from "zod";
import { text } from "../../../sdk/plugin/fields.ts";
import { input, resourceInputs } from "../../../sdk/plugin/input.ts";
import { cloudGateType } from "../../../sdk/rollout/cloud-gate.ts";
import { accessInputs, LOGIN_PACKAGES, placeInputs } from "./access/inputs.ts";
import { azureLogin } from "./access/login.ts";
import { resourceManager } from "./access/resource-manager.ts";
import { checkSubscription } from "./access/subscription.ts";
import { rollingUpgradeDriver } from "./rollout-driver.ts";
import { scaleSetOf } from "./scale-set.ts";

/** Inputs of `linuxkit:index:RolloutGate` with the kind `azure`. */
export const gateInputs = resourceInputs(
  "Rolls a scale set to an image and waits for its machines.",
  {
    kind: input("The backend.", z.literal("azure"), { onChange: "replace" }),
    fleet: input("The fleet's name in the program, for messages.", text),
    ...placeInputs,
    scaleSet: input("Name of the scale set. The gate does not wait for one that does not exist yet.", text, { onChange: "replace" }),
    image: input("Id of the image that all machines must run.", text, { onChange: "update" }),
    userData: input("User data of all machines, in base64.", text.optional(), { onChange: "update" }),
    ...accessInputs,
  },
  { onChange: "ignore" },
);

/**
 * Rolls a scale set's machines to another image and waits for them. It fails the update when the rollout fails and was
 * rolled back; on Cancel it rolls back. Where every machine has the image already, it waits for the unhealthy ones.
 *
 * @param paceSeconds between two looks
 */
export function azureGate(paceSeconds = 5) {
  return cloudGateType({
    kind: "azure",
    packages: () => LOGIN_PACKAGES,
    inputs: gateInputs,
    group: "scaleSet",
    async driver(inputs, previous, { signal }) {
      const manager = resourceManager(await azureLogin(inputs, signal));
      await checkSubscription(manager, inputs, signal);
      const set = scaleSetOf(manager, inputs);
      return (await set.describe(signal)) && rollingUpgradeDriver(set, inputs, previous, paceSeconds * 1000);
    },
    paceSeconds,
  });
}
