import type { Ami, AmiArgs } from "@pulumi/aws/ec2/ami.js";
import type { AmiCopy, AmiCopyArgs } from "@pulumi/aws/ec2/amiCopy.js";
import { all, type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import type { Arch } from "../../sdk/core/arch.ts";
import type { Digest } from "../../sdk/core/digest.ts";
import type { ImageArgs } from "../../sdk/machine/args.ts";
import { ImageBuild } from "../../sdk/resource/image-build.ts";
import type { ImageBuildArgs } from "../../sdk/resource/image-build-args.ts";
import { imageFile } from "../../sdk/machine/image-file.ts";
import { keepNames } from "../../sdk/machine/keep-names.ts";
import { providerSettings } from "../../sdk/machine/provider-settings.ts";
import { buildArguments } from "../../sdk/machine/source.ts";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import { type AwsAccessArgs, accessOf } from "./access-args.ts";
import { bootTraits, usesTpm } from "./boot-facts.ts";
import { checkedImage, keyOfCopy, placesOf } from "./image-rules.ts";
import { AwsSnapshot, type AwsSnapshotArgs } from "./snapshot.ts";
import { aws } from "./pulumi-aws.ts";

/** The device name of the root volume. */
export const ROOT_DEVICE = "/dev/xvda";

/** Arguments of {@link MachineImage}: a build, or an operating system that is then built as its child. */
export interface MachineImageArgs extends ImageArgs, AwsAccessArgs, Pick<AwsSnapshotArgs, "encrypted" | "kmsKeyArn"> {
  /** A build that writes `aws`. @default one made from `image` */
  readonly build?: ImageBuild | undefined;
  /**
   * Whether machines have a TPM of the hypervisor (NitroTPM), which several instance types lack.
   *
   * @default whether `image` uses one: a container with the device `/dev/tpm…`, or a kernel with a module of one
   */
  readonly tpm?: boolean | undefined;
  /** Regions to copy the image to, beside the provider's own. Fleets and machines in them use the copy. @default none @example ["eu-west-1"] */
  readonly copyTo?: readonly string[] | undefined;
  /**
   * By region of `copyTo`, the ARN of the KMS key of its copy. Needed beside `kmsKeyArn`, unless that is a multi-Region key with
   * a replica in each of them. @default the account's key for EBS in that region
   * @example { "us-east-1": "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab" }
   */
  readonly copyKmsKeyArns?: Readonly<Record<string, Input<string>>> | undefined;
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
 * An AMI: the EBS direct APIs take the blocks that changed since the last image, and the AMI is registered for UEFI (on amd64
 * also for BIOS, where it has no TPM), ENA, gp3 and version 2 of the metadata service. On delete, the AMI is deregistered before its snapshot is deleted.
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

  constructor(name: string, given: MachineImageArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:AwsMachineImage", name, {}, options);
    const args = checkedImage(name, given);
    const { encrypted, kmsKeyArn, description, transform } = args;
    const child = { parent: this, ...(args.retainOnDelete !== undefined && { retainOnDelete: args.retainOnDelete }) };
    const build = args.build ?? new ImageBuild(`${name}-build`, buildArguments(name, "aws", args), { parent: this });
    const file = imageFile(name, build, "aws");
    // the uploads must go where the stack's AWS provider works, wherever its credentials come from
    const region = aws.getRegionOutput({}, { parent: this }).region;
    const account = aws.getCallerIdentityOutput({}, { parent: this }).accountId;
    const places = region.apply((home) => placesOf(name, home, args));
    const defaults = providerSettings(this, "aws:ec2/ami:Ami", { defaultTags: "json" }).defaultTags;
    const tags: Output<Record<string, string>> = all([build.digest, output(args.tags ?? {})]).apply(
      ([digest, tags]): Record<string, string> => ({ ...tags, "linuxkit:build": digest }),
    );

    const wanted = {
      file: file.path,
      digest: file.sha256.apply((sha256) => `sha256:${sha256}`),
      blocks: file.apply(({ blocks = "" }) => blocks),
      description,
      tags: all([tags, output(defaults)]).apply(([tags, defaults]) => ({ ...defaultTagsOf(defaults), ...tags })),
      encrypted,
      kmsKeyArn,
      // another region than the program's copies and keys are for ends the update here, before anything is sent
      region: places,
      account,
      ...accessOf(this, args),
    };
    const snapshot = new AwsSnapshot(`${name}-snapshot`, transformed(transform?.snapshot, wanted, `${name}-snapshot`), child);
    const wantedAmi = amiArguments(name, args, build, snapshot, tags);
    const amiArgs = transformed(transform?.ami, wantedAmi, `${name}-ami`);
    // a new image has another name, but the provider does not see it where the old one is kept, and would delete that first
    const keep = { ...keepNames(amiArgs, { name: wantedAmi.name }), deleteBeforeReplace: false };
    const ami = new aws.Ami(`${name}-ami`, amiArgs, { ...child, ...keep });
    const copies = Object.fromEntries(
      (args.copyTo ?? []).map((to) => {
        const copy = transformed(
          transform?.copy,
          {
            sourceAmiId: ami.id,
            sourceAmiRegion: region,
            region: to,
            name: ami.name,
            tags,
            // never false for an encrypted snapshot, which has no unencrypted copy: it may be encrypted by the account's default
            encrypted: all([snapshot.isEncrypted, output(encrypted)]).apply(([is, asked]) => is || asked === true),
            ...keyArgument(name, to, args),
          },
          `${name}-${to}`,
        );
        return [to, new aws.AmiCopy(`${name}-${to}`, copy, child)];
      }),
    );
    this.nodes = { build, snapshot, ami, copies };
    origins.set(this, { region: places, tpm: hasTpm(args) });
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

/** What a machine or fleet asks of the image that it runs. */
export interface Origin {
  /** The provider's region, known before the image is. */
  readonly region: Output<string>;
  readonly tpm: boolean;
}

const origins = new WeakMap<MachineImage, Origin>();

/** Where an image is made, and what its machines have. */
export function originOf(image: MachineImage): Origin {
  return origins.get(image) ?? { region: output(image.nodes.snapshot.region), tpm: false };
}

/** A copy's key, where the image or the copy has one of the program's. */
function keyArgument(name: string, to: string, { kmsKeyArn, copyKmsKeyArns }: MachineImageArgs): Pick<AmiCopyArgs, "kmsKeyId"> {
  const own = copyKmsKeyArns?.[to];
  if (own !== undefined) return { kmsKeyId: own };
  return kmsKeyArn === undefined ? {} : { kmsKeyId: output(kmsKeyArn).apply((arn) => keyOfCopy(name, to, arn)) };
}

/** The provider's tags for every resource. Its stock resources have them already. Source: `defaultTags` of @pulumi/aws's Provider. */
function defaultTagsOf(configured: unknown): Readonly<Record<string, string>> {
  return (configured as { readonly tags?: Readonly<Record<string, string>> } | undefined)?.tags ?? {};
}

/** Whether machines of an image have a TPM. */
export function hasTpm({ tpm, image, build }: Pick<MachineImageArgs, "tpm" | "image" | "build">): boolean {
  return tpm ?? usesTpm(image?.spec ?? build?.definition);
}

function amiArguments(
  name: string,
  { description, ...args }: MachineImageArgs,
  build: ImageBuild,
  { snapshotId }: AwsSnapshot,
  tags: Output<Record<string, string>>,
): AmiArgs {
  const tpm = hasTpm(args);
  const bootMode = output(build.arch).apply((arch) => bootTraits(arch, tpm).bootMode);
  return {
    // Unique in account and region, even when a revert registers the same bytes before the old AMI is gone, or when the same
    // bytes are registered with other traits.
    name: all([build.digest, snapshotId, bootMode]).apply(
      ([digest, snapshotId, bootMode]) =>
        `${name}-${digest.slice(7, 15)}-${snapshotId.slice(-8)}-${tpm ? "tpm" : bootMode === "uefi" ? "efi" : "any"}`,
    ),
    ...(description !== undefined && { description }),
    architecture: build.arch.apply((arch) => (arch === "arm64" ? "arm64" : "x86_64")),
    virtualizationType: "hvm",
    rootDeviceName: ROOT_DEVICE,
    ebsBlockDevices: [{ deviceName: ROOT_DEVICE, snapshotId, volumeType: "gp3", deleteOnTermination: true }],
    enaSupport: true,
    bootMode,
    imdsSupport: "v2.0",
    ...(tpm && { tpmSupport: "v2.0" }),
    tags,
  };
}
