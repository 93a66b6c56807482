import type { Instance, InstanceArgs } from "@pulumi/aws/ec2/instance.js";
import type { Volume } from "@pulumi/aws/ebs/volume.js";
import type { VolumeAttachment } from "@pulumi/aws/ec2/volumeAttachment.js";
import { type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import type { MachineArgs as CommonArgs } from "../../sdk/machine/args.ts";
import type { SecretReferences } from "../../sdk/machine/secret-references.ts";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import type { MachineImage, MachineImageArgs } from "./machine-image.ts";
import { machineMetadata } from "./machine-metadata.ts";
import { checkedMachine } from "./machine-rules.ts";
import { type Launching, type MachineSource, machineImageFor, tagsOf } from "./machine-source.ts";
import {
  attachVolumes,
  DISK_TAG,
  type MachineVolumeArgs,
  machineVolumes,
  volumeArguments,
  type VolumeTransforms,
} from "./machine-volume.ts";
import { aws } from "./pulumi-aws.ts";

/** Arguments of {@link Machine}. One of `image`, `build` and `machineImage` says what it runs. */
export interface MachineArgs extends CommonArgs<MachineImage>, MachineSource {
  /** `t3.micro`, `m7g.large`… of the image's architecture. */
  readonly instanceType: Input<string>;
  /** Id of the subnet. @default a subnet of the account's default VPC @example "subnet-0a1b2c3d" */
  readonly subnetId?: Input<string> | undefined;
  /** Ids of its security groups. @default the VPC's default security group @example ["sg-0a1b2c3d"] */
  readonly securityGroupIds?: Input<readonly Input<string>[]> | undefined;
  /** The instance profile whose role its services use. @default none @example "web" */
  readonly iamInstanceProfile?: Input<string> | undefined;
  /**
   * By service, then by the secret's name: `secretsmanager:ID`, `ssm:NAME` or an ARN. The guest's task `debian.secrets`
   * reads them with the role of its profile. Another reference takes effect at the next boot. @default none
   */
  readonly secrets?: SecretReferences | undefined;
  /** Whether it has a public IP address. @default the subnet's setting */
  readonly publicIp?: Input<boolean> | undefined;
  /**
   * Volumes that outlive the machine, by the serial in a persistent `Volume` of the image. Their order sets their device
   * names, so add new ones at the end. @default none
   */
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

/** One EC2 instance. Another image replaces the instance, and the volumes move to the new one. */
export class Machine extends ComponentResource {
  /** The cloud's id of the machine. */
  readonly instanceId: Output<string>;
  /** The public IP address; empty without one. */
  readonly publicIp: Output<string>;
  /** The address in its own network. */
  readonly privateIp: Output<string>;
  /** The resources behind it. */
  readonly nodes: {
    /** What the machines start from. */
    readonly machineImage: MachineImage;
    /** The instance. */
    readonly instance: Instance;
    /** The volumes by name. */
    readonly volumes: Readonly<Record<string, Volume>>;
    /** The attachments of the volumes, by the volume's name. */
    readonly attachments: Readonly<Record<string, VolumeAttachment>>;
  };

  constructor(name: string, given: MachineArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:AwsMachine", name, {}, options);
    const args = checkedMachine(name, given);
    const volumeArgs = volumeArguments(name, args, args.transform, this);
    const { machineImage, ...launched } = machineImageFor(`machine "${name}"`, name, args, args.transform, this);
    const volumes = machineVolumes(name, args, volumeArgs, this);
    const instance = new aws.Instance(
      `${name}-instance`,
      transformed(args.transform?.instance, instanceArguments(name, { ...args, ...launched }, machineImage, volumes), `${name}-instance`),
      { parent: this },
    );
    const attachments = attachVolumes(name, volumes, instance, args.transform, this);
    this.nodes = { machineImage, instance, volumes, attachments };
    this.instanceId = instance.id;
    this.publicIp = instance.publicIp;
    this.privateIp = instance.privateIp;
    this.registerOutputs({ instanceId: this.instanceId, publicIp: this.publicIp, privateIp: this.privateIp });
  }
}

function instanceArguments(
  name: string,
  { imageId, instanceType, subnetId, securityGroupIds, iamInstanceProfile, userData, publicIp, tags, secretTags }: Launching<MachineArgs>,
  image: MachineImage,
  volumes: Readonly<Record<string, Volume>>,
): InstanceArgs {
  const disks = Object.entries(volumes).map(([disk, { id }]) => [`${DISK_TAG}${disk}`, id] as const);
  return {
    ami: imageId,
    instanceType,
    ...machineMetadata(image.nodes.build.definition, tagsOf(name, tags), [
      ...(disks.length > 0 ? [Object.fromEntries(disks)] : []),
      ...secretTags,
    ]),
    ...(subnetId !== undefined && { subnetId }),
    ...(securityGroupIds !== undefined && { vpcSecurityGroupIds: output(securityGroupIds).apply((ids) => [...ids]) }),
    ...(iamInstanceProfile !== undefined && { iamInstanceProfile }),
    ...(userData !== undefined && { userData, userDataReplaceOnChange: true }),
    ...(publicIp !== undefined && { associatePublicIpAddress: publicIp }),
  };
}
