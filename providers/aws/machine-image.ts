import { Ami, type AmiArgs } from "@pulumi/aws/ec2/ami.js";
import { AmiCopy, type AmiCopyArgs } from "@pulumi/aws/ec2/amiCopy.js";
import { getCallerIdentityOutput } from "@pulumi/aws/getCallerIdentity.js";
import { getRegionOutput } from "@pulumi/aws/getRegion.js";
import { all, type Output, output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import type { Arch } from "../../sdk/core/arch.ts";
import type { Digest } from "../../sdk/core/digest.ts";
import type { ImageArgs } from "../../sdk/machine/args.ts";
import { ImageBuild, type ImageBuildArgs } from "../../sdk/resource/image-build.ts";
import { imageFile } from "../../sdk/machine/image-file.ts";
import { keepNames } from "../../sdk/machine/keep-names.ts";
import { buildArguments } from "../../sdk/machine/source.ts";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import { type AwsAccessArgs, accessOf } from "./access-args.ts";
import { AwsSnapshot, type AwsSnapshotArgs } from "./snapshot.ts";

/** The device name of the root volume. */
export const ROOT_DEVICE = "/dev/xvda";

/** Arguments of {@link MachineImage}: a build, or an operating system that is then built as its child. */
export interface MachineImageArgs extends ImageArgs, AwsAccessArgs, Pick<AwsSnapshotArgs, "encrypted" | "kmsKeyArn"> {
  /** A build that writes `aws`. @default one made from `image` */
  readonly build?: ImageBuild | undefined;
  /** Whether machines have a TPM of the hypervisor (NitroTPM). @default true */
  readonly tpm?: boolean | undefined;
  /** Regions to copy the image to, beside the provider's own. @default none @example ["eu-west-1"] */
  readonly copyTo?: readonly string[] | undefined;
  /** Changes the children's arguments. @default none */
  readonly transform?:
    | {
        /** Changes the arguments of the build. @default none */
        readonly build?: Transform<ImageBuildArgs>;
        /** Changes the arguments of the snapshot. @default none */
        readonly snapshot?: Transform<AwsSnapshotArgs>;
        /** Changes the arguments of the machine image (AMI). @default none */
        readonly ami?: Transform<AmiArgs>;
        /** Changes the arguments of the copies in other regions. @default none */
        readonly copy?: Transform<AmiCopyArgs>;
      }
    | undefined;
}

/**
 * An AMI: the EBS direct APIs take the blocks that changed since the last image, and the AMI is registered for UEFI, ENA,
 * gp3 and version 2 of the metadata service. On delete, the AMI is deregistered before its snapshot is deleted.
 */
export class MachineImage extends ComponentResource {
  /** Identifies the built files. */
  readonly digest: Output<Digest>;
  /** The architecture of the operating system. */
  readonly arch: Output<Arch>;
  /** The AMI in the provider's region. */
  readonly imageId: Output<string>;
  /** Id of the EBS snapshot. */
  readonly snapshotId: Output<string>;
  /** The AMI by region, including the provider's own. */
  readonly imageIds: Output<Readonly<Record<string, string>>>;
  /** The resources behind it. */
  readonly nodes: {
    /** The build of the operating system. */
    readonly build: ImageBuild;
    /** The snapshot of the image. */
    readonly snapshot: AwsSnapshot;
    /** The machine image (AMI). */
    readonly ami: Ami;
    /** Copies of the machine image by region. */
    readonly copies: Readonly<Record<string, AmiCopy>>;
  };

  constructor(name: string, args: MachineImageArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:AwsMachineImage", name, {}, options);
    const { encrypted, kmsKeyArn, description, transform } = args;
    const child = { parent: this, ...(args.retainOnDelete !== undefined && { retainOnDelete: args.retainOnDelete }) };
    const build = args.build ?? new ImageBuild(`${name}-build`, buildArguments(name, "aws", args), { parent: this });
    const file = imageFile(name, build, "aws");
    // the uploads must go where the stack's AWS provider works, wherever its credentials come from
    const region = getRegionOutput({}, { parent: this }).region;
    const account = getCallerIdentityOutput({}, { parent: this }).accountId;
    const tags: Output<Record<string, string>> = all([build.digest, output(args.tags ?? {})]).apply(
      ([digest, tags]): Record<string, string> => ({ ...tags, "linuxkit:build": digest }),
    );

    const wanted = {
      file: file.path,
      digest: file.sha256.apply((sha256) => `sha256:${sha256}`),
      blocks: file.apply(({ blocks = "" }) => blocks),
      description,
      tags,
      encrypted,
      kmsKeyArn,
      region,
      account,
      ...accessOf(this, args),
    };
    const snapshot = new AwsSnapshot(`${name}-snapshot`, transformed(transform?.snapshot, wanted, `${name}-snapshot`), child);
    const wantedAmi = amiArguments(name, args, build, snapshot, tags);
    const amiArgs = transformed(transform?.ami, wantedAmi, `${name}-ami`);
    // a new image has another name, but the provider does not see it where the old one is kept, and would delete that first
    const keep = { ...keepNames(amiArgs, { name: wantedAmi.name }), deleteBeforeReplace: false };
    const ami = new Ami(`${name}-ami`, amiArgs, { ...child, ...keep });
    const copies = Object.fromEntries(
      (args.copyTo ?? []).map((to) => {
        const copy = transformed(
          transform?.copy,
          { sourceAmiId: ami.id, sourceAmiRegion: region, region: to, name: ami.name, tags, ...(encrypted !== undefined && { encrypted }) },
          `${name}-${to}`,
        );
        return [to, new AmiCopy(`${name}-${to}`, copy, child)];
      }),
    );
    this.nodes = { build, snapshot, ami, copies };
    this.digest = output(build.digest);
    this.arch = output(build.arch);
    this.imageId = ami.id;
    this.snapshotId = output(snapshot.snapshotId);
    this.imageIds = all([region, ami.id, output(Object.fromEntries(Object.entries(copies).map(([to, copy]) => [to, copy.id])))]).apply(
      ([home, id, others]) => ({ [home]: id, ...others }),
    );
    this.registerOutputs({
      digest: this.digest,
      arch: this.arch,
      imageId: this.imageId,
      snapshotId: this.snapshotId,
      imageIds: this.imageIds,
    });
  }
}

function amiArguments(
  name: string,
  { description, tpm = true }: MachineImageArgs,
  build: ImageBuild,
  { snapshotId }: AwsSnapshot,
  tags: Output<Record<string, string>>,
): AmiArgs {
  return {
    // unique in account and region, even when a revert registers the same bytes before the old AMI is gone
    name: all([build.digest, snapshotId]).apply(([digest, snapshotId]) => `${name}-${digest.slice(7, 15)}-${snapshotId.slice(-8)}`),
    ...(description !== undefined && { description }),
    architecture: build.arch.apply((arch) => (arch === "arm64" ? "arm64" : "x86_64")),
    virtualizationType: "hvm",
    rootDeviceName: ROOT_DEVICE,
    ebsBlockDevices: [{ deviceName: ROOT_DEVICE, snapshotId, volumeType: "gp3", deleteOnTermination: true }],
    enaSupport: true,
    bootMode: "uefi",
    imdsSupport: "v2.0",
    ...(tpm && { tpmSupport: "v2.0" }),
    tags,
  };
}
