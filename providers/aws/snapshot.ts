import type { Input, Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { secretArguments } from "../../sdk/machine/secret-arguments.ts";
import { type AwsAccessArgs, SECRETS } from "./access-args.ts";

/** Arguments of {@link AwsSnapshot}. */
export interface AwsSnapshotArgs extends AwsAccessArgs {
  /** Path on this host of the file that a build of the format `aws` wrote. */
  readonly file: Input<string>;
  /** sha256 of the file. */
  readonly digest: Input<string>;
  /** `blocks` of the build's file. */
  readonly blocks: Input<string>;
  readonly description?: Input<string> | undefined;
  readonly tags?: Input<Readonly<Record<string, Input<string>>>> | undefined;
  /** @default as the account's default says */
  readonly encrypted?: Input<boolean> | undefined;
  /** @default the account's key for EBS */
  readonly kmsKeyArn?: Input<string> | undefined;
  /** @default as the AWS SDK finds it */
  readonly region?: Input<string> | undefined;
  /** The account that it must be: nothing is sent to another. @default any */
  readonly account?: Input<string> | undefined;
}

/** An EBS snapshot made by the EBS direct APIs. {@link MachineImage} is the convenient way to have one. */
export class AwsSnapshot extends CustomResource {
  declare readonly snapshotId: Output<string>;
  declare readonly region: Output<string>;
  /** 12 digits. */
  declare readonly account: Output<string>;
  declare readonly sizeGiB: Output<number>;
  /** Whether it is, asked for or by the account's default. */
  declare readonly isEncrypted: Output<boolean>;

  constructor(name: string, args: AwsSnapshotArgs, options?: CustomResourceOptions) {
    const outputs = { snapshotId: undefined, region: undefined, account: undefined, sizeGiB: undefined, isEncrypted: undefined };
    super("linuxkit:index:AwsSnapshot", name, { ...outputs, ...(options?.urn ? {} : secretArguments(args, SECRETS)) }, options);
  }
}
