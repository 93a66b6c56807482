import type { Input, Output } from "@pulumi/pulumi/output.js";
import { CustomResource, type CustomResourceOptions } from "@pulumi/pulumi/resource.js";
import { secretArguments } from "../../sdk/machine/secret-arguments.ts";
import { type GcpAccessArgs, SECRETS } from "./access-args.ts";
import { requirePlugin } from "../../sdk/resource/require-plugin.ts";

/** Arguments of {@link GcpUpload}. */
export interface GcpUploadArgs extends GcpAccessArgs {
  /** Path on this host of the archive that a build of the format `gcp` wrote. */
  readonly file: Input<string>;
  /** sha256 of the file. @example "sha256:…" */
  readonly digest: Input<string>;
  /** The bucket's name, without `gs://`. */
  readonly bucket: Input<string>;
  /** Prefix of the object's name. @default none: the name is the digest @example "linuxkit/" */
  readonly prefix?: Input<string> | undefined;
  /**
   * Number of the project that the bucket must belong to. The upload fails before it sends anything to another's bucket.
   * @default any
   * @example "acme"
   */
  readonly project?: Input<string> | undefined;
}

/** An image as an object of Cloud Storage. {@link MachineImage} is the convenient way to get one. */
export class GcpUpload extends CustomResource {
  /** The object's name: the digest, and `.tar.gz`. */
  declare readonly object: Output<string>;
  /** The generation of the object in the bucket. */
  declare readonly generation: Output<string>;
  /** Its URL, which Compute Engine reads the image from. */
  declare readonly source: Output<string>;
  /** Bytes. */
  declare readonly size: Output<number>;

  constructor(name: string, args: GcpUploadArgs, options?: CustomResourceOptions) {
    const outputs = { object: undefined, generation: undefined, source: undefined, size: undefined };
    super(
      "linuxkit:index:GcpUpload",
      name,
      { ...outputs, ...(options?.urn ? {} : secretArguments(args, SECRETS)) },
      requirePlugin(options),
    );
  }
}
