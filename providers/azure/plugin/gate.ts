import { z } from "zod";
import { checkInputs } from "../../../sdk/plugin/check-inputs.ts";
import { leafDiff } from "../../../sdk/plugin/leaf-diff.ts";
import type { ResourceType, Work } from "../../../sdk/plugin/resource-type.ts";
import { type Properties, UNKNOWN } from "../../../sdk/plugin/value.ts";
import { runRollout } from "../../../sdk/rollout/run-rollout.ts";
import { accessInputs, placeInputs, text } from "./access/inputs.ts";
import { azureLogin } from "./access/login.ts";
import { resourceManager } from "./access/resource-manager.ts";
import { checkSubscription } from "./access/subscription.ts";
import { rollingUpgradeDriver } from "./rolling-upgrade.ts";
import { type Model, scaleSetOf } from "./scale-set.ts";

/** Inputs of `linuxkit:index:RolloutGate` with the kind `azure`. */
export const gateInputs = z.strictObject({
  kind: z.literal("azure"),
  /** The fleet's name in the program, for messages. */
  fleet: text,
  ...placeInputs,
  /** The scale set's name. One that is not there yet is waited for by nobody. */
  scaleSet: text,
  /** The id of the image that all machines shall have. */
  image: text,
  /** The user data that they shall have, in base64. */
  userData: text.optional(),
  ...accessInputs,
});

export type GateInputs = z.infer<typeof gateInputs>;

export interface GateOutputs extends GateInputs {
  /** When Azure began the upgrade that was waited for; empty where none was needed. */
  readonly rollout: string;
}

/** Inputs whose change is another gate, and those whose change is another rollout. */
const PLACE: readonly string[] = ["kind", "scaleSet", "subscriptionId", "resourceGroupName"];
const MODEL: readonly string[] = ["image", "userData"];

/**
 * Brings a scale set's machines to another image and waits for them, and fails the update when that fails and was rolled
 * back; on Cancel it rolls back. Where every machine has the image already, it waits for those that are not healthy yet.
 *
 * @param paceSeconds between two looks
 */
export function azureGate(paceSeconds = 5): ResourceType<GateInputs, GateOutputs> {
  const roll = async (inputs: GateInputs, remembered: Model | undefined, { signal, progress }: Work): Promise<GateOutputs> => {
    const manager = resourceManager(await azureLogin(inputs, signal));
    await checkSubscription(manager, inputs, signal);
    const set = scaleSetOf(manager, inputs);
    if (!(await set.describe(signal))) return { ...inputs, rollout: "" };
    const driver = rollingUpgradeDriver(set, inputs, remembered, paceSeconds * 1000);
    const { id } = await runRollout(driver, { name: inputs.fleet, signal, progress, paceSeconds });
    return { ...inputs, rollout: id };
  };
  return {
    token: "linuxkit:index:RolloutGate",
    check: ({ inputs }) => checkInputs(gateInputs, inputs),
    diff: ({ inputs, oldInputs }) => ({
      changed: leafDiff(oldInputs as unknown as Properties, inputs, (path) =>
        PLACE.includes(path) ? "replace" : MODEL.includes(path) ? "update" : "ignore",
      ),
    }),
    preview: ({ inputs }) => ({ ...inputs, rollout: UNKNOWN }),
    create: async ({ inputs, ...work }) => ({ id: `azure:${inputs.scaleSet}`, outputs: await roll(inputs, undefined, work) }),
    update: async ({ inputs, oldInputs, ...work }) => ({ outputs: await roll(inputs, oldInputs, work) }),
  };
}
