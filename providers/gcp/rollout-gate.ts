import type { Input, Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { secretArguments } from "../../sdk/machine/secret-arguments.ts";
import { type GcpAccessArgs, SECRETS } from "./access-args.ts";

/** Arguments of {@link RolloutGate}. */
export interface RolloutGateArgs extends GcpAccessArgs {
  /** The fleet's name, for messages. */
  readonly fleet: Input<string>;
  /** The id of the group's project. */
  readonly project: Input<string>;
  readonly region: Input<string>;
  /** The regional managed instance group's name. */
  readonly group: Input<string>;
  /** Link of the template that all instances shall be made by. */
  readonly template: Input<string>;
  /** Seconds within which one more instance has to become healthy: else the old template comes back. @default 600 */
  readonly stallSeconds?: Input<number> | undefined;
}

/** Waits for a group's instances: the update fails when they do not become healthy, and the old template is back by then. */
export class RolloutGate extends CustomResource {
  /** Link of the template that was waited for; empty where nothing had to be. */
  declare readonly rollout: Output<string>;

  constructor(name: string, args: RolloutGateArgs, options?: CustomResourceOptions) {
    super(
      "linuxkit:index:RolloutGate",
      name,
      { rollout: undefined, ...(options?.urn ? {} : { kind: "gcp", ...secretArguments(args, SECRETS) }) },
      options,
    );
  }
}
