import type { GalleryImageVersion } from "@pulumi/azure-native/compute/galleryImageVersion.js";
import type { Image as ManagedImage } from "@pulumi/azure-native/compute/image.js";
import { all, type Output, output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import type { Arch } from "../../sdk/core/arch.ts";
import type { Digest } from "../../sdk/core/digest.ts";
import { ImageBuild } from "../../sdk/resource/image-build.ts";
import { imageFile } from "../../sdk/machine/image-file.ts";
import { buildArguments } from "../../sdk/machine/source.ts";
import { transformed } from "../../sdk/machine/transform.ts";
import { type ImageDefinition, imageDefinition } from "./image-definition.ts";
import { accessOf } from "./access-args.ts";
import { checkImage, traitsOf } from "./image-traits.ts";
import type { ImageTraits, MachineImageArgs } from "./machine-image-args.ts";
import { AzureUpload, type AzureUploadArgs } from "./upload.ts";
import { managedImageArguments, versionArguments } from "./version-arguments.ts";
import { azure } from "./pulumi-azure.ts";

/**
 * A Gen2 version in a compute gallery (or a managed image): the image is uploaded to a managed disk (or a page blob)
 * without its zeroes, and the version is made from that. On delete, the version goes first, then the disk.
 */
export class MachineImage extends ComponentResource {
  /** Identifies the built files. */
  readonly digest: Output<Digest>;
  /** The architecture of the operating system. */
  readonly arch: Output<Arch>;
  /** Id of the version or managed image. */
  readonly imageId: Output<string>;
  /** What the arguments of its machines depend on. */
  readonly traits: ImageTraits;
  /** The resources behind it. */
  readonly nodes: {
    /** The build of the operating system. */
    readonly build: ImageBuild;
    /** The upload of the disk. */
    readonly upload: AzureUpload;
    /** The image definition in the gallery; undefined for a managed image. */
    readonly definition?: ImageDefinition;
    /** The image version in the gallery; undefined for a managed image. */
    readonly version?: GalleryImageVersion;
    /** The managed image; undefined for a gallery's version. */
    readonly managedImage?: ManagedImage;
  };

  constructor(name: string, args: MachineImageArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:AzureMachineImage", name, {}, options);
    checkImage(name, args);
    this.traits = traitsOf(name, args);
    const { resourceGroupName, location, sku, storage, version, transform, retainOnDelete } = args;
    const child = { parent: this, ...(retainOnDelete !== undefined && { retainOnDelete }) };
    const build = args.build ?? new ImageBuild(`${name}-build`, buildArguments(name, "vhd", args), { parent: this });
    const file = imageFile(name, build, "vhd");
    // the upload must go where the stack's Azure provider works, wherever its credentials come from
    const { subscriptionId, tenantId } = azure.getClientConfigOutput({ parent: this });
    const tags: Output<Record<string, string>> = all([build.digest, output(args.tags ?? {})]).apply(
      ([digest, tags]): Record<string, string> => ({ ...tags, "linuxkit:build": digest }),
    );
    const definition = args.kind === "image" ? undefined : imageDefinition(name, args, this.traits, build.arch, child);

    const wanted: AzureUploadArgs = {
      file: file.path,
      digest: file.sha256.apply((sha256) => `sha256:${sha256}`),
      blocks: file.apply(({ blocks = "" }) => blocks),
      arch: build.arch,
      tags,
      subscriptionId,
      resourceGroupName,
      location,
      sku,
      storage,
      definitionId: definition?.id,
      version,
      ...accessOf(this, { ...args, tenantId: args.tenantId ?? tenantId }),
    };
    const upload = new AzureUpload(`${name}-upload`, transformed(transform?.upload, wanted, `${name}-upload`), child);
    if (definition) {
      const version = new azure.GalleryImageVersion(
        `${name}-version`,
        transformed(transform?.version, versionArguments(args, definition, upload, tags), `${name}-version`),
        child,
      );
      this.nodes = { build, upload, definition, version };
      this.imageId = version.id;
    } else {
      const managedImage = new azure.Image(
        `${name}-image`,
        transformed(transform?.managedImage, managedImageArguments(args, upload, tags), `${name}-image`),
        child,
      );
      this.nodes = { build, upload, managedImage };
      this.imageId = managedImage.id;
    }
    this.digest = output(build.digest);
    this.arch = output(build.arch);
    this.registerOutputs({ digest: this.digest, arch: this.arch, imageId: this.imageId });
  }
}
