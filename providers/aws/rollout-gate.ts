import type { Input, Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { secretArguments } from "../../sdk/machine/secret-arguments.ts";
import { type AwsAccessArgs, SECRETS } from "./access-args.ts";
import { requirePlugin } from "../../sdk/resource/require-plugin.ts";

/** Arguments of {@link RolloutGate}. */
export interface RolloutGateArgs extends AwsAccessArgs {
  /** The group's region. @default what the AWS SDK finds @example "eu-central-1" */
  readonly region?: Input<string> | undefined;
  /** The fleet's name, for messages. @example "web" */
  readonly fleet: Input<string>;
  /** The Auto Scaling group's name. @example "web" */
  readonly group: Input<string>;
  /** Id of the launch template that the group's machines must have. @example "lt-0a1b2c3d" */
  readonly launchTemplateId: Input<string>;
  /** The number of the version that all instances must run. @example "3" */
  readonly launchTemplateVersion: Input<string>;
  /** Percent of the group that stays in service. @default 90 @example 90 */
  readonly minHealthyPercentage?: Input<number> | undefined;
  /** Percent of the group that may exist during a rollout. @default 100 @example 120 */
  readonly maxHealthyPercentage?: Input<number> | undefined;
  /** Seconds before a new instance counts as healthy. @default 60 @example 120 */
  readonly instanceWarmup?: Input<number> | undefined;
}

/** Refreshes a group's instances and waits: the update fails when the refresh fails or is rolled back. */
export class RolloutGate extends CustomResource {
  /** AWS's id of the refresh; empty if none was needed. */
  declare readonly rollout: Output<string>;

  constructor(name: string, args: RolloutGateArgs, options?: CustomResourceOptions) {
    super(
      "linuxkit:index:RolloutGate",
      name,
      { rollout: undefined, ...(options?.urn ? {} : { kind: "aws", ...secretArguments(args, SECRETS) }) },
      requirePlugin(options),
    );
  }
}
