import type { Input, Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { secretArguments } from "../../sdk/machine/secret-arguments.ts";
import { type AzureAccessArgs, SECRETS } from "./access-args.ts";

/** Arguments of {@link RolloutGate}. */
export interface RolloutGateArgs extends AzureAccessArgs {
  /** The fleet's name, for messages. */
  readonly fleet: Input<string>;
  readonly subscriptionId: Input<string>;
  readonly resourceGroupName: Input<string>;
  /** The scale set's name. */
  readonly scaleSet: Input<string>;
  /** The id of the image that all machines shall have. */
  readonly image: Input<string>;
  /** The user data that they shall have, in base64. @default none */
  readonly userData?: Input<string> | undefined;
}

/** Waits for the rolling upgrade of a scale set: the update fails when it fails or is rolled back. */
export class RolloutGate extends CustomResource {
  /** When Azure began the upgrade that was waited for; empty where none was needed. */
  declare readonly rollout: Output<string>;

  constructor(name: string, args: RolloutGateArgs, options?: CustomResourceOptions) {
    super(
      "linuxkit:index:RolloutGate",
      name,
      { rollout: undefined, ...(options?.urn ? {} : { kind: "azure", ...secretArguments(args, SECRETS) }) },
      options,
    );
  }
}
