import type { Input, Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { secretArguments } from "../../sdk/machine/secret-arguments.ts";
import { type GcpAccessArgs, SECRETS } from "./access-args.ts";
import { requirePlugin } from "../../sdk/resource/require-plugin.ts";

/** Arguments of {@link RolloutGate}. */
export interface RolloutGateArgs extends GcpAccessArgs {
  /** The fleet's name, for messages. @example "web" */
  readonly fleet: Input<string>;
  /** Id of the group's project. @example "acme" */
  readonly project: Input<string>;
  /** The region of the group. @example "europe-west3" */
  readonly region: Input<string>;
  /** The regional managed instance group's name. @example "web" */
  readonly group: Input<string>;
  /**
   * Link of the template that all instances must be made from.
   * @example "https://www.googleapis.com/compute/v1/projects/acme/global/instanceTemplates/web-1"
   */
  readonly template: Input<string>;
  /** Seconds without another healthy instance after which the gate restores the old template. @default 600 @example 900 */
  readonly stallSeconds?: Input<number> | undefined;
}

/** Waits for a group's instances. If they do not become healthy, it restores the old template and fails the update. */
export class RolloutGate extends CustomResource {
  /** Link of the template that was rolled out; empty if no rollout was needed. */
  declare readonly rollout: Output<string>;

  constructor(name: string, args: RolloutGateArgs, options?: CustomResourceOptions) {
    super(
      "linuxkit:index:RolloutGate",
      name,
      { rollout: undefined, ...(options?.urn ? {} : { kind: "gcp", ...secretArguments(args, SECRETS) }) },
      requirePlugin(options),
    );
  }
}
