import type { Disk, DiskArgs } from "@pulumi/gcp/compute/disk.js";
import type { Input, Output } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import type { Image } from "../../sdk/definition/image.ts";
import type { Tags, VolumeArgs } from "../../sdk/machine/args.ts";
import { makeVolumes, type VolumeRules } from "../../sdk/machine/volumes.ts";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import { volumeType } from "./disks.ts";
import { labelsOf } from "./labels.ts";
import { gcp } from "./pulumi-gcp.ts";

/** A volume of a machine: a persistent disk in the machine's zone, which outlives the machine. */
export interface MachineVolumeArgs extends VolumeArgs {
  /** `pd-balanced`, `pd-ssd`, `pd-standard`, `hyperdisk-balanced`… @default "hyperdisk-balanced" for series that have no persistent disks, else "pd-balanced" */
  readonly type?: Input<string> | undefined;
  /**
   * A Cloud KMS key to encrypt it with.
   * @default Google's own
   * @example "projects/acme/locations/europe-west3/keyRings/data/cryptoKeys/disk"
   */
  readonly kmsKey?: Input<string> | undefined;
}

/** How a program changes the arguments of a machine's volumes. */
export interface VolumeTransforms {
  /** Changes the arguments of the volumes. @default none */
  readonly volume?: Transform<DiskArgs>;
}

/** What a machine with volumes is given. */
interface Owner {
  readonly volumes?: Readonly<Record<string, MachineVolumeArgs>> | undefined;
  readonly instanceType: Input<string>;
  readonly zone?: Input<string> | undefined;
  readonly image?: Image | undefined;
  readonly tags?: Tags | undefined;
}

// Compute Engine, "Create a persistent disk attached to a VM": device names
const RULES: VolumeRules = {
  pattern: /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/,
  wanted: "wanted a name of at most 63 lower-case letters, digits or -, a letter first",
  // Pulumi adds a hyphen and seven characters to the disk's name; Compute Engine, "Naming resources"
  longest: 63 - "-1234567".length,
};

/** Creates the volumes of a machine. @throws INVALID_DEFINITION as `checkVolumes` */
export function machineVolumes(
  machine: string,
  args: Owner,
  transform: VolumeTransforms | undefined,
  parent: ComponentResource,
): Readonly<Record<string, Disk>> {
  return makeVolumes(
    machine,
    args,
    RULES,
    parent,
    (name, { sizeGiB, type = volumeType(args.instanceType), snapshotId, kmsKey }, options) => {
      const wanted: DiskArgs = {
        size: sizeGiB,
        type,
        labels: labelsOf(args.tags),
        ...(args.zone !== undefined && { zone: args.zone }),
        ...(snapshotId !== undefined && { snapshot: snapshotId }),
        ...(kmsKey !== undefined && { diskEncryptionKey: { kmsKeySelfLink: kmsKey } }),
      };
      return new gcp.Disk(name, transformed(transform?.volume, wanted, name), options);
    },
  );
}

/** The volumes in an instance's arguments: the guest knows each by its device name. */
export function attachedDisks(volumes: Readonly<Record<string, Disk>>): { readonly deviceName: string; readonly source: Output<string> }[] {
  return Object.entries(volumes).map(([deviceName, { selfLink }]) => ({ deviceName, source: selfLink }));
}
