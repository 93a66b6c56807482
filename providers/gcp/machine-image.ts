import type { Image as ComputeImage, ImageArgs as ComputeImageArgs } from "@pulumi/gcp/compute/image.js";
import type { Bucket, BucketArgs } from "@pulumi/gcp/storage/bucket.js";
import { all, type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import type { Arch } from "../../sdk/core/arch.ts";
import type { Digest } from "../../sdk/core/digest.ts";
import { ImageBuild } from "../../sdk/resource/image-build.ts";
import { imageFile } from "../../sdk/machine/image-file.ts";
import { buildArguments } from "../../sdk/machine/source.ts";
import { transformed } from "../../sdk/machine/transform.ts";
import { accessOf, type GcpAccessArgs } from "./access-args.ts";
import { checkImage } from "./image-checks.ts";
import { archOf } from "./image-arch.ts";
import { GcpImage, type GcpImageArgs } from "./image.ts";
import { BUILD_LABEL, labelOfDigest, labelsOf } from "./labels.ts";
import { initialState } from "./secure-boot.ts";
import type { MachineImageArgs } from "./machine-image-args.ts";
import { GcpUpload } from "./upload.ts";
import { gcp } from "./pulumi-gcp.ts";

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
    /** The provider's own class for amd64; it has no argument for another architecture. */
    readonly image: ComputeImage | GcpImage;
  };

  constructor(name: string, args: MachineImageArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:GcpMachineImage", name, {}, options);
    checkImage(name, args);
    const { transform, retainOnDelete } = args;
    const parent = { parent: this };
    const child = { ...parent, ...(retainOnDelete !== undefined && { retainOnDelete }) };
    const build = args.build ?? new ImageBuild(`${name}-build`, buildArguments(name, "gcp", args), parent);
    const client = gcp.getClientConfigOutput(parent);
    const labels = labelsOf(args.tags);
    const bucket =
      args.bucket === undefined
        ? new gcp.Bucket(
            `${name}-bucket`,
            transformed(transform?.bucket, bucketArguments(args, client.region, labels), `${name}-bucket`),
            child,
          )
        : undefined;
    this.bucketName = bucket ? bucket.name : output(args.bucket as Input<string>);
    const file = imageFile(name, build, "gcp");
    // a given bucket may belong to anyone: the upload checks its project before it sends a byte
    const project = bucket ? undefined : gcp.getProjectOutput({ projectId: args.bucketProject ?? client.project }, parent).number;
    const wanted = {
      file: file.path,
      digest: file.sha256.apply((sha256) => `sha256:${sha256}`),
      bucket: this.bucketName,
      ...(project !== undefined && { project }),
      ...accessOf(this, args),
    };
    const upload = new GcpUpload(`${name}-upload`, transformed(transform?.upload, wanted, `${name}-upload`), child);
    const wantedImage = transformed(transform?.image, imageArguments(args, build, upload, labels), `${name}-image`);
    const image =
      archOf(args) === "amd64"
        ? new gcp.Image(`${name}-image`, wantedImage, child)
        : new GcpImage(`${name}-image`, withArchitecture(wantedImage, client.project, build.arch, accessOf(this, args)), child);
    this.nodes = { build, bucket, upload, image };
    this.digest = output(build.digest);
    this.arch = output(build.arch);
    // the image's own link, not its family: a family silently moves to the newest image
    this.imageId = image.selfLink;
    this.registerOutputs({ digest: this.digest, arch: this.arch, imageId: this.imageId, bucketName: this.bucketName });
  }
}

/** The arguments of the provider's class, for the one that takes an architecture: the names are the same. */
function withArchitecture(args: ComputeImageArgs, project: Output<string>, arch: Output<Arch>, access: GcpAccessArgs): GcpImageArgs {
  const architecture = arch.apply((arch) => (arch === "arm64" ? ("ARM64" as const) : ("X86_64" as const)));
  return { project, ...args, architecture, ...access } as GcpImageArgs;
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
