import type { Input, Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import type { Arch } from "../../sdk/core/arch.ts";
import { secretArguments } from "../../sdk/machine/secret-arguments.ts";
import { type AzureAccessArgs, SECRETS } from "./access-args.ts";
import { requirePlugin } from "../../sdk/resource/require-plugin.ts";

/** A container of a storage account. */
export interface BlobStorageArgs {
  /** Id of the storage account. @example "/subscriptions/…/storageAccounts/images" */
  readonly accountId: Input<string>;
  /** The container's name. @example "images" */
  readonly container: Input<string>;
}

/** Arguments of {@link AzureUpload}. */
export interface AzureUploadArgs extends AzureAccessArgs {
  /** Path on this host of the file that a build of the format `vhd` wrote. */
  readonly file: Input<string>;
  /** sha256 of the file. @example "sha256:…" */
  readonly digest: Input<string>;
  /** `blocks` of the build's file. */
  readonly blocks: Input<string>;
  /** The architecture. @default "amd64" */
  readonly arch?: Input<Arch> | undefined;
  /** Tags of the disk. @default none */
  readonly tags?: Input<Readonly<Record<string, Input<string>>>> | undefined;
  /** Id of the subscription to upload to. @example "00000000-0000-0000-0000-000000000000" */
  readonly subscriptionId: Input<string>;
  /** The resource group to upload to. @example "web" */
  readonly resourceGroupName: Input<string>;
  /** The region. @default the resource group's @example "westeurope" */
  readonly location?: Input<string> | undefined;
  /** `Standard_LRS`, `StandardSSD_LRS`, `Premium_LRS`… of the managed disk. @default "Standard_LRS" */
  readonly sku?: Input<string> | undefined;
  /** A container of a storage account, to store the image as a page blob. @default none: a managed disk */
  readonly storage?: Input<BlobStorageArgs> | undefined;
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
  /** The region of the disk or blob. */
  declare readonly location: Output<string>;
  /** `1.0.7`; empty without `definitionId`. */
  declare readonly versionName: Output<string>;

  constructor(name: string, args: AzureUploadArgs, options?: CustomResourceOptions) {
    const outputs = { name: undefined, diskId: undefined, blobUri: undefined, location: undefined, versionName: undefined };
    super(
      "linuxkit:index:AzureUpload",
      name,
      { ...outputs, ...(options?.urn ? {} : secretArguments(args, SECRETS)) },
      requirePlugin(options),
    );
  }
}
