import type { Input, Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { secretArguments } from "../../sdk/machine/secret-arguments.ts";
import { type AwsAccessArgs, SECRETS } from "./access-args.ts";

/** Arguments of {@link AwsSnapshot}. */
export interface AwsSnapshotArgs extends AwsAccessArgs {
  /** Path on this host of the raw image that a build of the format `aws` wrote. */
  readonly file: Input<string>;
  /** sha256 of the file. */
  readonly digest: Input<string>;
  /** `blocks` of the build's file. */
  readonly blocks: Input<string>;
  readonly description?: Input<string> | undefined;
  readonly tags?: Input<Readonly<Record<string, Input<string>>>> | undefined;
  /** @default the account's default */
  readonly encrypted?: Input<boolean> | undefined;
  /** @default the account's key for EBS */
  readonly kmsKeyArn?: Input<string> | undefined;
  /** @default what the AWS SDK finds */
  readonly region?: Input<string> | undefined;
  /** Account number, 12 digits. The upload fails before it sends anything to another account. @default any */
  readonly account?: Input<string> | undefined;
}

/** An EBS snapshot made by the EBS direct APIs. {@link MachineImage} is the convenient way to get one. */
export class AwsSnapshot extends CustomResource {
  declare readonly snapshotId: Output<string>;
  declare readonly region: Output<string>;
  /** 12 digits. */
  declare readonly account: Output<string>;
  declare readonly sizeGiB: Output<number>;
  /** Whether it is encrypted, by request or by the account's default. */
  declare readonly isEncrypted: Output<boolean>;

  constructor(name: string, args: AwsSnapshotArgs, options?: CustomResourceOptions) {
    const outputs = { snapshotId: undefined, region: undefined, account: undefined, sizeGiB: undefined, isEncrypted: undefined };
    super("linuxkit:index:AwsSnapshot", name, { ...outputs, ...(options?.urn ? {} : secretArguments(args, SECRETS)) }, options);
  }
}
