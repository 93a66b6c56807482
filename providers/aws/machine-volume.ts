import { Volume, type VolumeArgs as VolumeArguments } from "@pulumi/aws/ebs/volume.js";
import type { Instance } from "@pulumi/aws/ec2/instance.js";
import { VolumeAttachment, type VolumeAttachmentArgs } from "@pulumi/aws/ec2/volumeAttachment.js";
import { getSubnetOutput } from "@pulumi/aws/ec2/getSubnet.js";
import type { Input } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import type { Image } from "../../sdk/definition/image.ts";
import type { Tags, VolumeArgs } from "../../sdk/machine/args.ts";
import { makeVolumes, type VolumeRules } from "../../sdk/machine/volumes.ts";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import { tagsOf } from "./machine-source.ts";

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

/** Creates the volumes of a machine. @throws INVALID_DEFINITION without a subnet, and as `checkVolumes` */
export function machineVolumes(
  machine: string,
  args: Owner,
  transform: VolumeTransforms | undefined,
  parent: ComponentResource,
): Readonly<Record<string, Volume>> {
  const { volumes = {}, subnetId } = args;
  if (Object.keys(volumes).length === 0) return {};
  if (subnetId === undefined)
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `machine "${machine}": subnetId: got nothing, wanted a subnet: the volumes are created in its availability zone`,
      { path: "subnetId" },
    );
  return makeVolumes(machine, args, RULES, parent, (name, { sizeGiB, type = "gp3", snapshotId, encrypted, kmsKeyArn }, options) => {
    const wanted: VolumeArguments = {
      availabilityZone: getSubnetOutput({ id: subnetId }, { parent }).availabilityZone,
      size: sizeGiB,
      type,
      tags: tagsOf(name, args.tags),
      ...(snapshotId !== undefined && { snapshotId }),
      ...(encrypted !== undefined && { encrypted }),
      ...(kmsKeyArn !== undefined && { encrypted: true, kmsKeyId: kmsKeyArn }),
    };
    return new Volume(name, transformed(transform?.volume, wanted, name), options);
  });
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
      new VolumeAttachment(name, transformed(transform?.attachment, wanted, name), { parent, deleteBeforeReplace: true }),
    ] as const;
  });
  return Object.fromEntries(made);
}
