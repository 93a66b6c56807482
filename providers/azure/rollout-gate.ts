import type { Input, Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { secretArguments } from "../../sdk/machine/secret-arguments.ts";
import { type AzureAccessArgs, SECRETS } from "./access-args.ts";
import { requirePlugin } from "../../sdk/resource/require-plugin.ts";

/** Arguments of {@link RolloutGate}. */
export interface RolloutGateArgs extends AzureAccessArgs {
  /** The fleet's name, for messages. @example "web" */
  readonly fleet: Input<string>;
  /** Id of the subscription of the scale set. @example "00000000-0000-0000-0000-000000000000" */
  readonly subscriptionId: Input<string>;
  /** The resource group of the scale set. @example "web" */
  readonly resourceGroupName: Input<string>;
  /** The scale set's name. @example "web" */
  readonly scaleSet: Input<string>;
  /** Id of the image that all machines must run. @example "/subscriptions/…/images/web/versions/1.0.7" */
  readonly image: Input<string>;
  /** User data of all machines, in base64. @default none @example "{}" */
  readonly userData?: Input<string> | undefined;
}

/** Rolls a scale set to an image and waits. The update fails when the rolling upgrade fails or is rolled back. */
export class RolloutGate extends CustomResource {
  /** Start time of the upgrade; empty if none was needed. */
  declare readonly rollout: Output<string>;
  /** The scale set's name. */
  declare readonly scaleSet: Output<string>;

  constructor(name: string, args: RolloutGateArgs, options?: CustomResourceOptions) {
    super(
      "linuxkit:index:RolloutGate",
      name,
      { rollout: undefined, scaleSet: undefined, ...(options?.urn ? {} : { kind: "azure", ...secretArguments(args, SECRETS) }) },
      requirePlugin(options),
    );
  }
}
