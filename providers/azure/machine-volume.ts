import { Disk, type DiskArgs } from "@pulumi/azure-native/compute/disk.js";
import type { Input } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import type { Image } from "../../sdk/definition/image.ts";
import { checkVolumes, type VolumeRules } from "../../sdk/machine/volumes.ts";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import { type MachineSource, tagsOf } from "./machine-source.ts";

/** A disk of a machine that outlives it: a managed disk of its own, in the machine's region and zone. */
export interface MachineVolumeArgs {
  /** It may grow, never shrink; the guest grows its filesystem at its next boot. */
  readonly sizeGiB: Input<number>;
  /** `StandardSSD_LRS`, `Premium_LRS`, `PremiumV2_LRS`… @default "StandardSSD_LRS" */
  readonly type?: Input<string> | undefined;
  /** A snapshot of such a disk, to begin with. @default empty */
  readonly snapshotId?: Input<string> | undefined;
  /** The disk encryption set with whose key it is encrypted. @default a key of Azure's own */
  readonly encryptionSetId?: Input<string> | undefined;
  /** Refuse what would remove it: its removal from the program, `pulumi destroy`, another zone. @default true */
  readonly protect?: boolean | undefined;
  /** Keep it in the subscription when the stack lets go of it. @default false */
  readonly retainOnDelete?: boolean | undefined;
}

/** How a program changes the arguments of a machine's volumes. */
export interface VolumeTransforms {
  readonly volume?: Transform<DiskArgs>;
}

/** What a machine with volumes says of itself. */
interface Owner extends Pick<MachineSource, "resourceGroupName" | "location" | "tags"> {
  readonly volumes?: Readonly<Record<string, MachineVolumeArgs>> | undefined;
  readonly zone?: Input<string> | undefined;
  readonly image?: Image | undefined;
}

/** What a tag says before the name of a disk; the value is the number (LUN) by which the machine knows it. `debian.metadata` reads it. */
const DISK_TAG = "linuxkit.disk.";

/** No size of machine takes more. */
const LIMIT = 64;

const RULES: VolumeRules = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$/,
  wanted: 'wanted a name of at most 50 letters, digits, ".", "_" or "-"',
  limit: LIMIT,
  toldBy: "Azure",
};

/** The volumes of a machine, each as a child of it. @throws INVALID_DEFINITION */
export function makeVolumes(
  machine: string,
  { volumes = {}, zone, image, resourceGroupName, location, tags }: Owner,
  transform: VolumeTransforms | undefined,
  parent: ComponentResource,
): Readonly<Record<string, Disk>> {
  checkVolumes(machine, Object.keys(volumes), image, RULES);
  const made = Object.entries(volumes).map(
    ([disk, { sizeGiB, type = "StandardSSD_LRS", snapshotId, encryptionSetId, protect = true, retainOnDelete }]) => {
      const name = `${machine}-${disk}`;
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
      return [
        disk,
        new Disk(name, transformed(transform?.volume, wanted, name), {
          parent,
          protect,
          ...(retainOnDelete !== undefined && { retainOnDelete }),
        }),
      ] as const;
    },
  );
  return Object.fromEntries(made);
}

/** The volumes as a machine takes them: they stay when it goes. */
export function dataDisks(volumes: Readonly<Record<string, Disk>>) {
  return Object.values(volumes).map(({ id }, lun) => ({
    lun,
    createOption: "Attach",
    deleteOption: "Detach",
    caching: "None" as const,
    managedDisk: { id },
  }));
}

/** The tags by which the guest tells them apart. */
export function diskTags(volumes: Readonly<Record<string, Disk>>): Record<string, string> {
  return Object.fromEntries(Object.keys(volumes).map((disk, lun) => [`${DISK_TAG}${disk}`, `${lun}`]));
}
