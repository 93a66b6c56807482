import type { Input, Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { secretArguments } from "../../sdk/machine/secret-arguments.ts";
import { type GcpAccessArgs, SECRETS } from "./access-args.ts";
import type { SecureBootState } from "./secure-boot.ts";

/** Arguments of {@link GcpImage}, named as in Compute Engine's API. */
export interface GcpImageArgs extends GcpAccessArgs {
  /** Id of the image's project. */
  readonly project: Input<string>;
  readonly architecture: Input<"X86_64" | "ARM64">;
  /** The archive of the disk, in Cloud Storage. */
  readonly rawDisk: Input<{ readonly source: Input<string>; readonly containerType?: Input<string>; readonly sha1?: Input<string> }>;
  /** @default the resource's name with seven random digits */
  readonly name?: Input<string> | undefined;
  readonly description?: Input<string> | undefined;
  readonly family?: Input<string> | undefined;
  /** GB. @default the size of the archive's disk */
  readonly diskSizeGb?: Input<number> | undefined;
  /** @default none */
  readonly guestOsFeatures?: Input<readonly Input<{ readonly type: Input<string> }>[]> | undefined;
  /** @default none */
  readonly labels?: Input<Readonly<Record<string, Input<string>>>> | undefined;
  /** At most one region or multi-region. @default the multi-region nearest to the bucket */
  readonly storageLocations?: Input<readonly Input<string>[]> | undefined;
  /** Keys that the firmware of its machines trusts. @default the keys of Google and Microsoft */
  readonly shieldedInstanceInitialState?: Input<SecureBootState> | undefined;
}

/** An image of Compute Engine with an architecture. {@link MachineImage} is the convenient way to get one. */
export class GcpImage extends CustomResource {
  declare readonly name: Output<string>;
  declare readonly selfLink: Output<string>;
  /** GB of a disk of it. */
  declare readonly diskSizeGb: Output<number>;

  constructor(name: string, args: GcpImageArgs, options?: CustomResourceOptions) {
    super(
      "linuxkit:index:GcpImage",
      name,
      { name: undefined, selfLink: undefined, diskSizeGb: undefined, ...(options?.urn ? {} : secretArguments(args, SECRETS)) },
      options,
    );
  }
}
