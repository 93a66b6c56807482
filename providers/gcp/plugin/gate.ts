import { z } from "zod";
import { text } from "../../../sdk/plugin/fields.ts";
import { input, resourceInputs } from "../../../sdk/plugin/input.ts";
import { ROLLOUT_DEFAULTS } from "../../../sdk/rollout/defaults.ts";
import { cloudGateType } from "../../../sdk/rollout/cloud-gate.ts";
import type { RolloutDriver } from "../../../sdk/rollout/rollout.ts";
import { accessInputs } from "./access/inputs.ts";
import { type GcpAccess, loginPackages } from "./access/login.ts";
import { type GroupTarget, groupUpdateDriver } from "./rollout-driver.ts";

/** Inputs of `linuxkit:index:RolloutGate` with the kind `gcp`. */
export const gateInputs = resourceInputs(
  "Waits for the instances of a regional managed instance group.",
  {
    kind: input("The backend.", z.literal("gcp"), { onChange: "replace" }),
    fleet: input("The fleet's name in the program, for messages.", text),
    project: input("Id of the group's project.", text, { onChange: "replace" }),
    region: input("The group's region.", text, { onChange: "replace" }),
    group: input("Name of the group.", text, { onChange: "replace" }),
    template: input(
      "Link of the instance template that all instances must be made from.",
      z.string().regex(/projects\/[^/]+\/(?:global|regions\/[^/]+)\/instanceTemplates\/[^/]+$/, "the link of an instance template"),
      { onChange: "update" },
    ),
    stallSeconds: input(
      "Seconds without another healthy instance after which the gate restores the old template.",
      z.int().min(1).default(ROLLOUT_DEFAULTS.stallSeconds),
    ),
    ...accessInputs,
  },
  { onChange: "ignore" },
);

type Connect = (access: GcpAccess, target: GroupTarget) => RolloutDriver;

/**
 * Waits for the instances of a regional managed instance group. If they do not become healthy, or on Cancel, it fails
 * the update and restores the template of the last rollout that succeeded.
 *
 * @param paceSeconds polling interval in seconds
 */
export function gcpGate(connect: Connect = groupUpdateDriver, paceSeconds = 5) {
  return cloudGateType({
    kind: "gcp",
    packages: loginPackages,
    inputs: gateInputs,
    group: "group",
    driver: (inputs, previous) => connect(inputs, { ...inputs, previous: previous?.template }),
    limits: ({ stallSeconds }) => ({ stallSeconds }),
    paceSeconds,
  });
}
