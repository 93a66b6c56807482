import { z } from "zod";
import { text } from "../../../sdk/plugin/fields.ts";
import { ROLLOUT_DEFAULTS } from "../../../sdk/rollout/defaults.ts";
import { cloudGateType } from "../../../sdk/rollout/gate-type.ts";
import type { RolloutDriver } from "../../../sdk/rollout/rollout.ts";
import { accessInputs } from "./access/inputs.ts";
import type { GcpAccess } from "./access/login.ts";
import { type GroupTarget, groupUpdateDriver } from "./group-update.ts";

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

type Connect = (access: GcpAccess, target: GroupTarget) => RolloutDriver;

/**
 * Waits for the instances of a regional managed instance group. Where they do not become healthy, or on Cancel, it fails
 * the update and restores the template of the last rollout that succeeded.
 *
 * @param paceSeconds between two looks
 */
export function gcpGate(connect: Connect = groupUpdateDriver, paceSeconds = 5) {
  return cloudGateType({
    kind: "gcp",
    inputs: gateInputs,
    group: "group",
    replace: ["project", "region"],
    update: ["template"],
    driver: (inputs, previous) => connect(inputs, { ...inputs, previous: previous?.template }),
    limits: ({ stallSeconds }) => ({ stallSeconds }),
    paceSeconds,
  });
}
