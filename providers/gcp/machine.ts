import type { Disk } from "@pulumi/gcp/compute/disk.js";
import type { Instance, InstanceArgs } from "@pulumi/gcp/compute/instance.js";
import type { Input, Output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import { bootDiskOf } from "./disks.ts";
import { checkInstance } from "./instance-checks.ts";
import { type InstanceShape, instanceShape, REPLACING_METADATA } from "./instance-arguments.ts";
import { labelsOf } from "./labels.ts";
import type { MachineImage } from "./machine-image.ts";
import type { MachineImageArgs } from "./machine-image-args.ts";
import { type MachineSource, machineImageFor } from "./machine-source.ts";
import { attachedDisks, type MachineVolumeArgs, machineVolumes, type VolumeTransforms } from "./machine-volume.ts";
import { gcp } from "./pulumi-gcp.ts";

/** Arguments of {@link Machine}. One of `image`, `build` and `machineImage` says what it runs. */
export interface MachineArgs extends MachineSource, InstanceShape {
  /** The zone. @default the zone of the stack's provider @example "europe-west3-a" */
  readonly zone?: Input<string> | undefined;
  /** Volumes that outlive the machine, by the serial in a persistent `Volume` of the image. @default none */
  readonly volumes?: Readonly<Record<string, MachineVolumeArgs>> | undefined;
  /** Changes the children's arguments. @default none */
  readonly transform?:
    | (MachineImageArgs["transform"] &
        VolumeTransforms & {
          /** Changes the arguments of the instance. @default none */
          readonly instance?: Transform<InstanceArgs>;
        })
    | undefined;
}

/**
 * One instance of Compute Engine. Another image replaces the instance. One with volumes is deleted before its replacement
 * is created, so that its guest has unmounted the filesystems.
 */
export class Machine extends ComponentResource {
  /** The cloud's id of the machine. */
  readonly instanceId: Output<string>;
  /** Empty without `publicIp`. */
  readonly publicIp: Output<string>;
  /** The address in its own network. */
  readonly privateIp: Output<string>;
  /** The resources behind it. */
  readonly nodes: {
    /** What the machine starts from. */
    readonly machineImage: MachineImage;
    /** The instance. */
    readonly instance: Instance;
    /** The volumes by name. */
    readonly volumes: Readonly<Record<string, Disk>>;
  };

  constructor(name: string, args: MachineArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:GcpMachine", name, {}, options);
    checkInstance(name, args);
    // first, because it checks before it creates
    const volumes = machineVolumes(name, args, args.transform, this);
    const machineImage = machineImageFor(`machine "${name}"`, name, args, args.transform, this);
    const deleteBeforeReplace = Object.keys(volumes).length > 0;
    const instance = new gcp.Instance(
      `${name}-instance`,
      transformed(args.transform?.instance, instanceArguments(name, args, machineImage, volumes), `${name}-instance`),
      { parent: this, deleteBeforeReplace, replaceOnChanges: [...REPLACING_METADATA] },
    );
    this.nodes = { machineImage, instance, volumes };
    this.instanceId = instance.instanceId;
    this.publicIp = instance.networkInterfaces.apply(([first]) => first?.accessConfigs?.[0]?.natIp ?? "");
    this.privateIp = instance.networkInterfaces.apply(([first]) => first?.networkIp ?? "");
    this.registerOutputs({ instanceId: this.instanceId, publicIp: this.publicIp, privateIp: this.privateIp });
  }
}

function instanceArguments(
  name: string,
  { zone, tags, secureBootKeys, ...shape }: MachineArgs,
  image: MachineImage,
  volumes: Readonly<Record<string, Disk>>,
): InstanceArgs {
  const attached = attachedDisks(volumes);
  return {
    ...instanceShape(name, shape, image, secureBootKeys !== undefined),
    bootDisk: { initializeParams: { image: image.imageId, ...bootDiskOf(shape, image) } },
    labels: labelsOf(tags),
    // a change of the type stops and starts the same machine
    allowStoppingForUpdate: true,
    ...(zone !== undefined && { zone }),
    ...(attached.length > 0 && { attachedDisks: attached }),
  };
}
