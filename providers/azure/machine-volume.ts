import type { Disk, DiskArgs } from "@pulumi/azure-native/compute/disk.js";
import type { Input } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import type { Image } from "../../sdk/definition/image.ts";
import type { VolumeArgs } from "../../sdk/machine/args.ts";
import { makeVolumes, type VolumeRules } from "../../sdk/machine/volumes.ts";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import { type MachineSource, tagsOf } from "./machine-source.ts";
import { azure } from "./pulumi-azure.ts";

/** A volume of a machine: a managed disk in the machine's region and zone, which outlives the machine. */
export interface MachineVolumeArgs extends VolumeArgs {
  /** `StandardSSD_LRS`, `Premium_LRS`, `PremiumV2_LRS`… @default "StandardSSD_LRS" */
  readonly type?: Input<string> | undefined;
  /**
   * Id of a disk encryption set whose key encrypts it.
   * @default a key that Azure manages
   * @example "/subscriptions/…/diskEncryptionSets/data"
   */
  readonly encryptionSetId?: Input<string> | undefined;
}

/** How a program changes the arguments of a machine's volumes. */
export interface VolumeTransforms {
  /** Changes the arguments of the volumes. @default none */
  readonly volume?: Transform<DiskArgs>;
}

/** What a machine with volumes is given. */
interface Owner extends Pick<MachineSource, "resourceGroupName" | "location" | "tags"> {
  readonly volumes?: Readonly<Record<string, MachineVolumeArgs>> | undefined;
  readonly zone?: Input<string> | undefined;
  readonly image?: Image | undefined;
}

/** What the key of a volume's tag starts with; the volume's name follows. The value is its LUN. `debian.metadata` reads it. */
const DISK_TAG = "linuxkit.disk.";

/** Data disks that the largest machine size takes. */
const LIMIT = 64;

const RULES: VolumeRules = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$/,
  wanted: 'wanted a name of at most 50 letters, digits, ".", "_" or "-"',
  limit: LIMIT,
  identifiedBy: "Azure",
};

/** Creates the volumes of a machine. @throws INVALID_DEFINITION as `checkVolumes` */
export function machineVolumes(
  machine: string,
  args: Owner,
  transform: VolumeTransforms | undefined,
  parent: ComponentResource,
): Readonly<Record<string, Disk>> {
  const { zone, resourceGroupName, location, tags } = args;
  return makeVolumes(machine, args, RULES, parent, (name, { sizeGiB, type = "StandardSSD_LRS", snapshotId, encryptionSetId }, options) => {
    const wanted: DiskArgs = {
      resourceGroupName,
      ...(location !== undefined && { location }),
      ...(zone !== undefined && { zones: [zone] }),
      sku: { name: type },
      diskSizeGB: sizeGiB,
      creationData: snapshotId === undefined ? { createOption: "Empty" } : { createOption: "Copy", sourceResourceId: snapshotId },
      ...(encryptionSetId !== undefined && {
        encryption: { type: "EncryptionAtRestWithCustomerKey", diskEncryptionSetId: encryptionSetId },
      }),
      tags: tagsOf(tags),
    };
    return new azure.Disk(name, transformed(transform?.volume, wanted, name), options);
  });
}

/** The volumes in a machine's arguments: detached, not deleted, with the machine. */
export function dataDisks(volumes: Readonly<Record<string, Disk>>) {
  return Object.values(volumes).map(({ id }, lun) => ({
    lun,
    createOption: "Attach",
    deleteOption: "Detach",
    caching: "None" as const,
    managedDisk: { id },
  }));
}

/** The tags by which the guest identifies the volumes. */
export function diskTags(volumes: Readonly<Record<string, Disk>>): Record<string, string> {
  return Object.fromEntries(Object.keys(volumes).map((disk, lun) => [`${DISK_TAG}${disk}`, `${lun}`]));
}
