import type { Input, Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import type { Arch } from "../../sdk/core/arch.ts";
import { secretArguments } from "../../sdk/machine/secret-arguments.ts";
import { type AzureAccessArgs, SECRETS } from "./access-args.ts";

/** Arguments of {@link AzureUpload}. */
export interface AzureUploadArgs extends AzureAccessArgs {
  /** Path on this host of the file that a build of the format `vhd` wrote. */
  readonly file: Input<string>;
  /** sha256 of the file. */
  readonly digest: Input<string>;
  /** `blocks` of the build's file. */
  readonly blocks: Input<string>;
  /** @default "amd64" */
  readonly arch?: Input<Arch> | undefined;
  readonly tags?: Input<Readonly<Record<string, Input<string>>>> | undefined;
  readonly subscriptionId: Input<string>;
  readonly resourceGroupName: Input<string>;
  /** @default the resource group's */
  readonly location?: Input<string> | undefined;
  /** `Standard_LRS`, `StandardSSD_LRS`, `Premium_LRS`… of the managed disk. @default "Standard_LRS" */
  readonly sku?: Input<string> | undefined;
  /** A container of a storage account, to store the image as a page blob. @default none: a managed disk */
  readonly storage?: Input<{ readonly accountId: Input<string>; readonly container: Input<string> }> | undefined;
  /** Id of the gallery image definition that gets a version of this image; `versionName` is its next number. @default none */
  readonly definitionId?: Input<string> | undefined;
  /** The first two numbers of the version's name. @default "1.0" */
  readonly version?: Input<string> | undefined;
}

/** An image as a managed disk or a page blob. {@link MachineImage} is the convenient way to get one. */
export class AzureUpload extends CustomResource {
  /** Name of the disk or blob. */
  declare readonly name: Output<string>;
  /** Id of the managed disk; empty for a blob. */
  declare readonly diskId: Output<string>;
  /** URL of the blob; empty for a managed disk. */
  declare readonly blobUri: Output<string>;
  declare readonly location: Output<string>;
  /** `1.0.7`; empty without `definitionId`. */
  declare readonly versionName: Output<string>;

  constructor(name: string, args: AzureUploadArgs, options?: CustomResourceOptions) {
    const outputs = { name: undefined, diskId: undefined, blobUri: undefined, location: undefined, versionName: undefined };
    super("linuxkit:index:AzureUpload", name, { ...outputs, ...(options?.urn ? {} : secretArguments(args, SECRETS)) }, options);
  }
}
