import { Disk, type DiskArgs } from "@pulumi/gcp/compute/disk.js";
import type { Input, Output } from "@pulumi/pulumi/output.js";
import type { ComponentResource } from "@pulumi/pulumi/resource.js";
import type { Image } from "../../sdk/definition/image.ts";
import { checkVolumes, type VolumeRules } from "../../sdk/machine/volumes.ts";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import { labelsOf, type Tags } from "./labels.ts";

/** A disk of a machine that outlives it: a persistent disk of its own, in the machine's zone. */
export interface MachineVolumeArgs {
  /** It may grow, never shrink; the guest grows its filesystem at its next boot. */
  readonly sizeGiB: Input<number>;
  /** `pd-balanced`, `pd-ssd`, `pd-standard`, `hyperdisk-balanced`… @default "pd-balanced" */
  readonly type?: Input<string> | undefined;
  /** A snapshot of such a disk, to begin with. @default empty */
  readonly snapshotId?: Input<string> | undefined;
  /** A key of Cloud KMS with which it is encrypted. @default Google's own */
  readonly kmsKey?: Input<string> | undefined;
  /** Refuse what would remove it: its removal from the program, `pulumi destroy`, another zone. @default true */
  readonly protect?: boolean | undefined;
  /** Keep it in the project when the stack lets go of it. @default false */
  readonly retainOnDelete?: boolean | undefined;
}

/** How a program changes the arguments of a machine's volumes. */
export interface VolumeTransforms {
  readonly volume?: Transform<DiskArgs>;
}

/** What a machine with volumes says of itself. */
interface Owner {
  readonly volumes?: Readonly<Record<string, MachineVolumeArgs>> | undefined;
  readonly zone?: Input<string> | undefined;
  readonly image?: Image | undefined;
  readonly tags?: Tags;
}

// Compute Engine: the name of a device
const RULES: VolumeRules = {
  pattern: /^[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?$/,
  wanted: "wanted a name of at most 63 lower-case letters, digits or -, a letter first",
};

/** The volumes of a machine, each as a child of it. @throws INVALID_DEFINITION */
export function makeVolumes(
  machine: string,
  args: Owner,
  transform: VolumeTransforms | undefined,
  parent: ComponentResource,
): Readonly<Record<string, Disk>> {
  const { volumes = {}, zone, tags } = args;
  checkVolumes(machine, Object.keys(volumes), args.image, RULES);
  const made = Object.entries(volumes).map(
    ([disk, { sizeGiB, type = "pd-balanced", snapshotId, kmsKey, protect = true, retainOnDelete }]) => {
      const name = `${machine}-${disk}`;
      const wanted: DiskArgs = {
        size: sizeGiB,
        type,
        labels: labelsOf(tags),
        ...(zone !== undefined && { zone }),
        ...(snapshotId !== undefined && { snapshot: snapshotId }),
        ...(kmsKey !== undefined && { diskEncryptionKey: { kmsKeySelfLink: kmsKey } }),
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

/** The volumes as an instance takes them: the guest knows each by the name of its device. */
export function attachedDisks(volumes: Readonly<Record<string, Disk>>): { readonly deviceName: string; readonly source: Output<string> }[] {
  return Object.entries(volumes).map(([deviceName, { selfLink }]) => ({ deviceName, source: selfLink }));
}
