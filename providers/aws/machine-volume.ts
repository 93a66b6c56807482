import { Volume, type VolumeArgs } from "@pulumi/aws/ebs/volume.js";
import type { Instance } from "@pulumi/aws/ec2/instance.js";
import { VolumeAttachment, type VolumeAttachmentArgs } from "@pulumi/aws/ec2/volumeAttachment.js";
import { getSubnetOutput } from "@pulumi/aws/ec2/getSubnet.js";
import type { Input } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import type { Image } from "../../sdk/definition/image.ts";
import { checkVolumes, type VolumeRules } from "../../sdk/machine/volumes.ts";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import { tagsOf } from "./machine-source.ts";

/** A disk of a machine that outlives it: an EBS volume of its own, in the zone of the machine's subnet. */
export interface MachineVolumeArgs {
  /** It may grow, never shrink; the guest grows its filesystem at its next boot. */
  readonly sizeGiB: Input<number>;
  /** `gp3`, `gp2`, `io1`, `io2`, `st1` or `sc1`. @default "gp3" */
  readonly type?: Input<string> | undefined;
  /** A snapshot of such a volume, to begin with. @default empty */
  readonly snapshotId?: Input<string> | undefined;
  /** @default as the account's default says */
  readonly encrypted?: Input<boolean> | undefined;
  /** Its own key, with which it is encrypted. @default the account's key for EBS */
  readonly kmsKeyArn?: Input<string> | undefined;
  /** Refuse what would remove it: its removal from the program, `pulumi destroy`, a subnet of another zone. @default true */
  readonly protect?: boolean | undefined;
  /** Keep it in the account when the stack lets go of it. @default false */
  readonly retainOnDelete?: boolean | undefined;
}

/** How a program changes the arguments of a machine's volumes. */
export interface VolumeTransforms {
  readonly volume?: Transform<VolumeArgs>;
  readonly attachment?: Transform<VolumeAttachmentArgs>;
}

/** What a machine with volumes says of itself. */
interface Owner {
  readonly volumes?: Readonly<Record<string, MachineVolumeArgs>> | undefined;
  readonly subnetId?: Input<string> | undefined;
  readonly image?: Image | undefined;
  readonly tags?: Parameters<typeof tagsOf>[1];
}

/** What a tag says before the name of a disk; the value is the id of its volume. `debian.metadata` reads it. */
export const DISK_TAG = "linuxkit.disk.";

// EC2 User Guide, "Device names for volumes on Amazon EC2 instances": the names that are left to volumes
const DEVICES = [..."fghijklmnopqrstuvwxyz"].map((letter) => `/dev/sd${letter}`);

const RULES: VolumeRules = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
  wanted: 'wanted a name of at most 64 letters, digits, ".", "_" or "-"',
  limit: DEVICES.length,
  toldBy: "EC2",
};

/** The volumes of a machine, each as a child of it. @throws INVALID_DEFINITION */
export function makeVolumes(
  machine: string,
  args: Owner,
  transform: VolumeTransforms | undefined,
  parent: ComponentResource,
): Readonly<Record<string, Volume>> {
  const { volumes = {}, subnetId, tags } = args;
  const names = Object.keys(volumes);
  if (names.length > 0 && subnetId === undefined)
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `machine "${machine}": subnetId: got nothing, wanted the subnet whose zone the volumes are made in`,
      { path: "subnetId" },
    );
  checkVolumes(machine, names, args.image, RULES);
  if (subnetId === undefined) return {};
  const made = Object.entries(volumes).map(
    ([disk, { sizeGiB, type = "gp3", snapshotId, encrypted, kmsKeyArn, protect = true, retainOnDelete }]) => {
      const name = `${machine}-${disk}`;
      const wanted: VolumeArgs = {
        availabilityZone: getSubnetOutput({ id: subnetId }, { parent }).availabilityZone,
        size: sizeGiB,
        type,
        tags: tagsOf(name, tags),
        ...(snapshotId !== undefined && { snapshotId }),
        ...(encrypted !== undefined && { encrypted }),
        ...(kmsKeyArn !== undefined && { encrypted: true, kmsKeyId: kmsKeyArn }),
      };
      return [
        disk,
        new Volume(name, transformed(transform?.volume, wanted, name), {
          parent,
          protect,
          ...(retainOnDelete !== undefined && { retainOnDelete }),
        }),
      ] as const;
    },
  );
  return Object.fromEntries(made);
}

/**
 * Attaches the volumes to an instance. The one before it is stopped first, so that its guest lets go of the
 * filesystems, and only then is a volume detached: EC2 attaches none that is attached elsewhere.
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
