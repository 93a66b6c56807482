import type { Input, Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { secretArguments } from "../../sdk/machine/secret-arguments.ts";
import { type GcpAccessArgs, SECRETS } from "./access-args.ts";
import type { SecureBootState } from "./secure-boot.ts";
import { requirePlugin } from "../../sdk/resource/require-plugin.ts";

/** The archive of a disk in Cloud Storage, as Compute Engine's API names it. */
export interface RawDiskArgs {
  /** Where it is. @example "https://storage.googleapis.com/os-images/web.tar.gz" */
  readonly source: Input<string>;
  /** Its form. @default "TAR" @example "TAR" */
  readonly containerType?: Input<string> | undefined;
  /** Sha1 of the archive. @default not checked @example "da39a3ee5e6b4b0d3255bfef95601890afd80709" */
  readonly sha1?: Input<string> | undefined;
}

/** What the guest of an image can do. */
export interface GuestFeatureArgs {
  /** The feature's name in Compute Engine's API. @example "UEFI_COMPATIBLE" */
  readonly type: Input<string>;
}

/** Arguments of {@link GcpImage}, named as in Compute Engine's API. */
export interface GcpImageArgs extends GcpAccessArgs {
  /** Id of the image's project. @example "team-prod" */
  readonly project: Input<string>;
  /** The architecture of the machines that it boots. */
  readonly architecture: Input<"X86_64" | "ARM64">;
  /** The archive of the disk, in Cloud Storage. */
  readonly rawDisk: Input<RawDiskArgs>;
  /** The image's name. @default the resource's name with seven random digits @example "web-1" */
  readonly name?: Input<string> | undefined;
  /** What it is. @default none @example "the web servers" */
  readonly description?: Input<string> | undefined;
  /** The family whose newest image it becomes. @default none @example "web" */
  readonly family?: Input<string> | undefined;
  /** GB of a disk that is made from it. @default the size of the archive's disk @example 10 */
  readonly diskSizeGb?: Input<number> | undefined;
  /** What its guest can do. @default none */
  readonly guestOsFeatures?: Input<readonly Input<GuestFeatureArgs>[]> | undefined;
  /** Labels of the image. @default none @example { team: "web" } */
  readonly labels?: Input<Readonly<Record<string, Input<string>>>> | undefined;
  /** At most one region or multi-region. @default the multi-region nearest to the bucket @example ["europe-west3"] */
  readonly storageLocations?: Input<readonly Input<string>[]> | undefined;
  /** Keys that the firmware of its machines trusts. @default the keys of Google and Microsoft */
  readonly shieldedInstanceInitialState?: Input<SecureBootState> | undefined;
}

/** An image of Compute Engine with an architecture. {@link MachineImage} is the convenient way to get one. */
export class GcpImage extends CustomResource {
  /** Its name. */
  declare readonly name: Output<string>;
  /** Its URL, which machines and templates take. */
  declare readonly selfLink: Output<string>;
  /** GB of a disk of it. */
  declare readonly diskSizeGb: Output<number>;

  constructor(name: string, args: GcpImageArgs, options?: CustomResourceOptions) {
    super(
      "linuxkit:index:GcpImage",
      name,
      { name: undefined, selfLink: undefined, diskSizeGb: undefined, ...(options?.urn ? {} : secretArguments(args, SECRETS)) },
      requirePlugin(options),
    );
  }
}
