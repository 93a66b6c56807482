import { Image as ComputeImage, type ImageArgs as ComputeImageArgs } from "@pulumi/gcp/compute/image.js";
import { getClientConfigOutput } from "@pulumi/gcp/organizations/getClientConfig.js";
import { getProjectOutput } from "@pulumi/gcp/organizations/getProject.js";
import { Bucket, type BucketArgs } from "@pulumi/gcp/storage/bucket.js";
import { all, type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import type { Arch } from "../../sdk/core/arch.ts";
import type { Digest } from "../../sdk/core/digest.ts";
import type { ImageArgs } from "../../sdk/machine/args.ts";
import { ImageBuild, type ImageBuildArgs } from "../../sdk/resource/image-build.ts";
import { imageFile } from "../../sdk/machine/image-file.ts";
import { buildArguments } from "../../sdk/machine/source.ts";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import { accessOf, type GcpAccessArgs } from "./access-args.ts";
import { BUILD_LABEL, labelOfDigest, labelsOf } from "./labels.ts";
import type { SecureBootKeys } from "../../sdk/machine/secure-boot-keys.ts";
import { initialState } from "./secure-boot.ts";
import { GcpUpload, type GcpUploadArgs } from "./upload.ts";

/** Arguments of {@link MachineImage}: a build, or an operating system that is then built as its child. */
export interface MachineImageArgs extends ImageArgs, GcpAccessArgs {
  /** A build that writes `gcp`. @default one made from `image` */
  readonly build?: ImageBuild | undefined;
  /**
   * A bucket of the stack's project to upload the image to.
   * @default a new bucket, deleted together with the image
   * @example "acme-images"
   */
  readonly bucket?: Input<string> | undefined;
  /** The project that `bucket` belongs to. @default the stack's */
  readonly bucketProject?: Input<string> | undefined;
  /** Location of the new bucket. @default the region of the stack's provider, else "US" */
  readonly location?: Input<string> | undefined;
  /** Region or multi-region that stores the image. @default the multi-region nearest to the bucket @example "eu" */
  readonly storageLocation?: Input<string> | undefined;
  /** Keys that the firmware of the image's machines trusts, where Secure Boot is on. @default the keys of Google and Microsoft */
  readonly secureBootKeys?: SecureBootKeys | undefined;
  /** Changes the children's arguments. @default none */
  readonly transform?:
    | {
        /** Changes the arguments of the build. @default none */
        readonly build?: Transform<ImageBuildArgs>;
        /** Changes the arguments of the bucket. @default none */
        readonly bucket?: Transform<BucketArgs>;
        /** Changes the arguments of the upload. @default none */
        readonly upload?: Transform<GcpUploadArgs>;
        /** Changes the arguments of the image. @default none */
        readonly image?: Transform<ComputeImageArgs>;
      }
    | undefined;
}

/**
 * An image of Compute Engine: the archive is uploaded to a bucket and registered for UEFI, gVNIC and multi-queue
 * virtio-scsi. Images are global. On delete, the image goes first, then the object, then the bucket made here.
 */
export class MachineImage extends ComponentResource {
  /** Identifies the built files. */
  readonly digest: Output<Digest>;
  /** The architecture of the operating system. */
  readonly arch: Output<Arch>;
  /** `projects/PROJECT/global/images/NAME` */
  readonly imageId: Output<string>;
  /** The bucket's name. */
  readonly bucketName: Output<string>;
  /** The resources behind it. */
  readonly nodes: {
    /** The build of the operating system. */
    readonly build: ImageBuild;
    /** The bucket made here; undefined where one was given. */
    readonly bucket: Bucket | undefined;
    /** The upload of the disk. */
    readonly upload: GcpUpload;
    /** The image. */
    readonly image: ComputeImage;
  };

  constructor(name: string, args: MachineImageArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:GcpMachineImage", name, {}, options);
    const { transform, retainOnDelete } = args;
    const parent = { parent: this };
    const child = { ...parent, ...(retainOnDelete !== undefined && { retainOnDelete }) };
    const build = args.build ?? new ImageBuild(`${name}-build`, buildArguments(name, "gcp", args), parent);
    const client = getClientConfigOutput(parent);
    const labels = labelsOf(args.tags);
    const bucket =
      args.bucket === undefined
        ? new Bucket(
            `${name}-bucket`,
            transformed(transform?.bucket, bucketArguments(args, client.region, labels), `${name}-bucket`),
            child,
          )
        : undefined;
    this.bucketName = bucket ? bucket.name : output(args.bucket as Input<string>);
    const file = imageFile(name, build, "gcp");
    // a given bucket may belong to anyone: the upload checks its project before it sends a byte
    const project = bucket ? undefined : getProjectOutput({ projectId: args.bucketProject ?? client.project }, parent).number;
    const wanted = {
      file: file.path,
      digest: file.sha256.apply((sha256) => `sha256:${sha256}`),
      bucket: this.bucketName,
      ...(project !== undefined && { project }),
      ...accessOf(this, args),
    };
    const upload = new GcpUpload(`${name}-upload`, transformed(transform?.upload, wanted, `${name}-upload`), child);
    const image = new ComputeImage(
      `${name}-image`,
      transformed(transform?.image, imageArguments(args, build, upload, labels), `${name}-image`),
      child,
    );
    this.nodes = { build, bucket, upload, image };
    this.digest = output(build.digest);
    this.arch = output(build.arch);
    // the image's own link, not its family: a family silently moves to the newest image
    this.imageId = image.selfLink;
    this.registerOutputs({ digest: this.digest, arch: this.arch, imageId: this.imageId, bucketName: this.bucketName });
  }
}

function bucketArguments({ location }: MachineImageArgs, region: Output<string>, labels: Output<Record<string, string>>): BucketArgs {
  return {
    location: location ?? region.apply((region) => region || "US"),
    uniformBucketLevelAccess: true,
    publicAccessPrevention: "enforced",
    // without soft delete: a deleted image would be billed for another week
    softDeletePolicy: { retentionDurationSeconds: 0 },
    forceDestroy: true,
    labels,
  };
}

function imageArguments(
  { description, storageLocation, secureBootKeys }: MachineImageArgs,
  build: ImageBuild,
  { source }: GcpUpload,
  labels: Output<Record<string, string>>,
): ComputeImageArgs {
  const features = ["UEFI_COMPATIBLE", "GVNIC", "VIRTIO_SCSI_MULTIQUEUE", ...(secureBootKeys ? ["SECURE_BOOT"] : [])];
  return {
    description: description ?? "made by pulumi-linuxkit",
    rawDisk: { source, containerType: "TAR" },
    guestOsFeatures: features.map((type) => ({ type })),
    labels: all([build.digest, labels]).apply(
      ([digest, labels]): Record<string, string> => ({ ...labels, [BUILD_LABEL]: labelOfDigest(digest) }),
    ),
    ...(storageLocation !== undefined && { storageLocations: [storageLocation] }),
    ...(secureBootKeys && { shieldedInstanceInitialState: initialState(secureBootKeys) }),
  };
}
