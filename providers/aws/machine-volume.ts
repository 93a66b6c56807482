import type { Volume, VolumeArgs as VolumeArguments } from "@pulumi/aws/ebs/volume.js";
import type { Instance } from "@pulumi/aws/ec2/instance.js";
import type { VolumeAttachment, VolumeAttachmentArgs } from "@pulumi/aws/ec2/volumeAttachment.js";
import type { Input } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import { isDeferred } from "../../sdk/core/deferred.ts";
import type { Image } from "../../sdk/definition/image.ts";
import type { Tags, VolumeArgs } from "../../sdk/machine/args.ts";
import { refuser, whole } from "../../sdk/machine/check-arguments.ts";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import { checkVolumes, makeVolumes, type VolumeRules } from "../../sdk/machine/volumes.ts";
import { tagsOf } from "./machine-source.ts";
import { aws } from "./pulumi-aws.ts";

/** A volume of a machine: an EBS volume in the availability zone of the machine's subnet, which outlives the machine. */
export interface MachineVolumeArgs extends VolumeArgs {
  /** `gp3`, `gp2`, `io1`, `io2`, `st1` or `sc1`. @default "gp3" */
  readonly type?: Input<string> | undefined;
  /** Whether it is encrypted. @default the account's default */
  readonly encrypted?: Input<boolean> | undefined;
  /** ARN of a KMS key to encrypt it with. @default the account's key for EBS @example "arn:aws:kms:eu-central-1:123456789012:key/1234" */
  readonly kmsKeyArn?: Input<string> | undefined;
}

/** How a program changes the arguments of a machine's volumes. */
export interface VolumeTransforms {
  /** Changes the arguments of the volumes. @default none */
  readonly volume?: Transform<VolumeArguments>;
  /** Changes the arguments of the attachments of the volumes. @default none */
  readonly attachment?: Transform<VolumeAttachmentArgs>;
}

/** What a machine with volumes is given. */
interface Owner {
  readonly volumes?: Readonly<Record<string, MachineVolumeArgs>> | undefined;
  readonly subnetId?: Input<string> | undefined;
  readonly image?: Image | undefined;
  readonly tags?: Tags | undefined;
}

/** What the key of a volume's tag starts with; the volume's name follows. The value is its EBS id. `debian.metadata` reads it. */
export const DISK_TAG = "linuxkit.disk.";

// EC2 User Guide, "Device names for volumes on Amazon EC2 instances": the names for volumes other than the root
const DEVICES = [..."fghijklmnopqrstuvwxyz"].map((letter) => `/dev/sd${letter}`);

const RULES: VolumeRules = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  wanted: 'wanted a name of at most 64 letters, digits, ".", "_" or "-"',
  limit: DEVICES.length,
  identifiedBy: "EC2",
};

/** GiB of each type. Source: Amazon EC2 API Reference, "CreateVolume", Size. */
const SIZES: Readonly<Record<string, readonly [least: number, most: number]>> = {
  gp2: [1, 16_384],
  gp3: [1, 65_536],
  io1: [4, 16_384],
  io2: [4, 65_536],
  st1: [125, 16_384],
  sc1: [125, 16_384],
};

/** Checks a volume's arguments as far as they are known, after the program's transform. */
function checkVolume(machine: string, volume: string, { size, type, iops }: VolumeArguments): void {
  const refuse = refuser(`machine "${machine}"`);
  const path = `volumes.${volume}`;
  if (isDeferred(type) || type === undefined) return;
  const limits = SIZES[type as string];
  if (!limits) refuse(`${path}.type`, `got ${JSON.stringify(type)}, wanted one of ${Object.keys(SIZES).join(", ")}`);
  else if (size !== undefined && !isDeferred(size))
    refuse(`${path}.sizeGiB`, whole({ least: limits[0], most: limits[1], unit: `GiB for ${type as string}` })(size as number));
  // Source: "CreateVolume", Iops
  if (/^io[12]$/.test(type as string) && iops === undefined)
    refuse(`${path}.type`, `got ${type as string}, which needs iops: set them in transform.volume, or choose gp3`);
}

/** The arguments of a machine's volumes by name, checked before anything is created. @throws INVALID_DEFINITION without a subnet, for what EC2 refuses, and as `checkVolumes` */
export function volumeArguments(
  machine: string,
  owner: Owner,
  transform: VolumeTransforms | undefined,
  parent: ComponentResource,
): Readonly<Record<string, VolumeArguments>> {
  const { volumes = {}, subnetId, image, tags } = owner;
  if (Object.keys(volumes).length === 0) return {};
  if (subnetId === undefined)
    refuser(`machine "${machine}"`)("subnetId", "got nothing, wanted a subnet: the volumes are created in its availability zone");
  checkVolumes(machine, Object.keys(volumes), image, RULES);
  const availabilityZone = aws.getSubnetOutput({ id: subnetId as Input<string> }, { parent }).availabilityZone;
  return Object.fromEntries(
    Object.entries(volumes).map(([volume, { sizeGiB, type = "gp3", snapshotId, encrypted, kmsKeyArn }]) => {
      const name = `${machine}-${volume}`;
      const wanted: VolumeArguments = {
        availabilityZone,
        size: sizeGiB,
        type,
        tags: tagsOf(name, tags),
        ...(snapshotId !== undefined && { snapshotId }),
        ...(encrypted !== undefined && { encrypted }),
        ...(kmsKeyArn !== undefined && { encrypted: true, kmsKeyId: kmsKeyArn }),
      };
      const args = transformed(transform?.volume, wanted, name);
      checkVolume(machine, volume, args);
      return [name, args];
    }),
  );
}

/** Creates the volumes of a machine. @throws INVALID_DEFINITION as {@link volumeArguments} */
export function machineVolumes(
  machine: string,
  owner: Owner,
  args: Readonly<Record<string, VolumeArguments>>,
  parent: ComponentResource,
): Readonly<Record<string, Volume>> {
  return makeVolumes(machine, owner, RULES, parent, (name, _, options) => new aws.Volume(name, args[name] as VolumeArguments, options));
}

/**
 * Attaches the volumes to an instance. Before a volume is detached its instance is stopped, so that the guest unmounts the
 * filesystem: EC2 attaches a volume to one instance only.
 */
export function attachVolumes(
  machine: string,
  volumes: Readonly<Record<string, Volume>>,
  instance: Instance,
  transform: VolumeTransforms | undefined,
  parent: ComponentResource,
): Readonly<Record<string, VolumeAttachment>> {
  const made = Object.entries(volumes).map(([disk, volume], index) => {
    const name = `${machine}-${disk}-attachment`;
    const wanted: VolumeAttachmentArgs = {
      volumeId: volume.id,
      instanceId: instance.id,
      deviceName: DEVICES[index] as string,
      stopInstanceBeforeDetaching: true,
    };
    return [
      disk,
      new aws.VolumeAttachment(name, transformed(transform?.attachment, wanted, name), { parent, deleteBeforeReplace: true }),
    ] as const;
  });
  return Object.fromEntries(made);
}
