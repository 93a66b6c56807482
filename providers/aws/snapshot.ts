import type { Input, Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { secretArguments } from "../../sdk/machine/secret-arguments.ts";
import { type AwsAccessArgs, SECRETS } from "./access-args.ts";
import { requirePlugin } from "../../sdk/resource/require-plugin.ts";

/** Arguments of {@link AwsSnapshot}. */
export interface AwsSnapshotArgs extends AwsAccessArgs {
  /** Path on this host of the raw image that a build of the format `aws` wrote. */
  readonly file: Input<string>;
  /** sha256 of the file. @example "sha256:…" */
  readonly digest: Input<string>;
  /** `blocks` of the build's file. */
  readonly blocks: Input<string>;
  /** The snapshot's description. @default none @example "The web server" */
  readonly description?: Input<string> | undefined;
  /** The snapshot's tags. @default none */
  readonly tags?: Input<Readonly<Record<string, Input<string>>>> | undefined;
  /** Whether it is encrypted. @default the account's default */
  readonly encrypted?: Input<boolean> | undefined;
  /** ARN of the key that encrypts it. @default the account's key for EBS @example "arn:aws:kms:eu-central-1:123456789012:key/1234" */
  readonly kmsKeyArn?: Input<string> | undefined;
  /** The region. @default what the AWS SDK finds @example "eu-central-1" */
  readonly region?: Input<string> | undefined;
  /** Account number, 12 digits. The upload fails before it sends anything to another account. @default any @example "123456789012" */
  readonly account?: Input<string> | undefined;
}

/** An EBS snapshot made by the EBS direct APIs. {@link MachineImage} is the convenient way to get one. */
export class AwsSnapshot extends CustomResource {
  /** Id of the snapshot. */
  declare readonly snapshotId: Output<string>;
  /** The region of the snapshot. */
  declare readonly region: Output<string>;
  /** 12 digits. */
  declare readonly account: Output<string>;
  /** GiB of a volume made from it. */
  declare readonly sizeGiB: Output<number>;
  /** Whether it is encrypted, by request or by the account's default. */
  declare readonly isEncrypted: Output<boolean>;

  constructor(name: string, args: AwsSnapshotArgs, options?: CustomResourceOptions) {
    const outputs = { snapshotId: undefined, region: undefined, account: undefined, sizeGiB: undefined, isEncrypted: undefined };
    super(
      "linuxkit:index:AwsSnapshot",
      name,
      { ...outputs, ...(options?.urn ? {} : secretArguments(args, SECRETS)) },
      requirePlugin(options),
    );
  }
}
