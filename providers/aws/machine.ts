import { Instance, type InstanceArgs } from "@pulumi/aws/ec2/instance.js";
import type { Volume } from "@pulumi/aws/ebs/volume.js";
import type { VolumeAttachment } from "@pulumi/aws/ec2/volumeAttachment.js";
import { all, type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import { type Transform, transformed } from "../../sdk/resource/transform.ts";
import type { MachineImage, MachineImageArgs } from "./machine-image.ts";
import { type MachineSource, machineImageOf, tagsOf } from "./machine-source.ts";
import { attachVolumes, DISK_TAG, type MachineVolumeArgs, makeVolumes, type VolumeTransforms } from "./machine-volume.ts";

/** Arguments of {@link Machine}. One of `image`, `build` and `machineImage` says what it runs. */
export interface MachineArgs extends MachineSource {
  /** `t3.micro`, `m7g.large`… of the image's architecture. */
  readonly instanceType: Input<string>;
  /** @default one of the account's default network */
  readonly subnetId?: Input<string> | undefined;
  /** @default the network's own */
  readonly securityGroupIds?: Input<readonly Input<string>[]> | undefined;
  /** The profile whose role its services act as. @default none */
  readonly iamInstanceProfile?: Input<string> | undefined;
  /** Becomes `/run/config/userdata` in the guest. Another text is another machine. @default none */
  readonly userData?: Input<string> | undefined;
  /** @default as the subnet says */
  readonly publicIp?: Input<boolean> | undefined;
  /**
   * Disks that outlive the machine, by the serial that a persistent `Volume` of the image names. A further one belongs
   * behind the others: the order says which device each is. @default none
   */
  readonly volumes?: Readonly<Record<string, MachineVolumeArgs>> | undefined;
  /** Changes the children's arguments. */
  readonly transform?: (MachineImageArgs["transform"] & VolumeTransforms & { readonly instance?: Transform<InstanceArgs> }) | undefined;
}

/** One EC2 instance. Another image is another instance, to which the volumes go over. */
export class Machine extends ComponentResource {
  readonly instanceId: Output<string>;
  readonly publicIp: Output<string>;
  readonly privateIp: Output<string>;
  /** The resources behind it. */
  readonly nodes: {
    readonly machineImage: MachineImage;
    readonly instance: Instance;
    readonly volumes: Readonly<Record<string, Volume>>;
    readonly attachments: Readonly<Record<string, VolumeAttachment>>;
  };

  constructor(name: string, args: MachineArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:AwsMachine", name, {}, options);
    const machineImage = machineImageOf(name, args, args.transform, this);
    const volumes = makeVolumes(name, args, args.transform, this);
    const instance = new Instance(`${name}-instance`, transformed(args.transform?.instance, instanceArguments(name, args, machineImage, volumes), `${name}-instance`), { parent: this });
    const attachments = attachVolumes(name, volumes, instance, args.transform, this);
    this.nodes = { machineImage, instance, volumes, attachments };
    this.instanceId = instance.id;
    this.publicIp = instance.publicIp;
    this.privateIp = instance.privateIp;
    this.registerOutputs({ instanceId: this.instanceId, publicIp: this.publicIp, privateIp: this.privateIp });
  }
}

/** What launches any machine of ours: version 2 of the metadata service only, not to be reached from a container's own network. */
export const METADATA_OPTIONS = { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 } as const;

function instanceArguments(name: string, { instanceType, subnetId, securityGroupIds, iamInstanceProfile, userData, publicIp, tags }: MachineArgs, { imageId }: MachineImage, volumes: Readonly<Record<string, Volume>>): InstanceArgs {
  const disks = Object.entries(volumes).map(([disk, { id }]) => [`${DISK_TAG}${disk}`, id] as const);
  return {
    ami: imageId,
    instanceType,
    metadataOptions: { ...METADATA_OPTIONS, ...(disks.length > 0 && { instanceMetadataTags: "enabled" }) },
    tags: all([tagsOf(name, tags), Object.fromEntries(disks)]).apply(([tags, disks]) => (disks && Object.keys(disks).length > 0 ? { ...readable(tags), ...disks } : tags)),
    ...(subnetId !== undefined && { subnetId }),
    ...(securityGroupIds !== undefined && { vpcSecurityGroupIds: output(securityGroupIds).apply((ids) => [...ids]) }),
    ...(iamInstanceProfile !== undefined && { iamInstanceProfile }),
    ...(userData !== undefined && { userData, userDataReplaceOnChange: true }),
    ...(publicIp !== undefined && { associatePublicIpAddress: publicIp }),
  };
}

// EC2 User Guide, "View tags for your EC2 instances using instance metadata": it refuses the instance for such a key
function readable(tags: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const wrong = Object.keys(tags).find((key) => /[^A-Za-z0-9+\-=.,_:@]/.test(key));
  if (wrong !== undefined) throw new LinuxKitError("INVALID_DEFINITION", `tags: got the key ${JSON.stringify(wrong)}, wanted letters, digits and any of + - = . , _ : @ where a machine has volumes: it reads its tags`, { path: "tags" });
  return tags;
}
