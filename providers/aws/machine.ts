import { Instance, type InstanceArgs } from "@pulumi/aws/ec2/instance.js";
import { type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import { type Transform, transformed } from "../../sdk/resource/transform.ts";
import type { MachineImage, MachineImageArgs } from "./machine-image.ts";
import { type MachineSource, machineImageOf, tagsOf } from "./machine-source.ts";

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
  /** Changes the children's arguments. */
  readonly transform?: (MachineImageArgs["transform"] & { readonly instance?: Transform<InstanceArgs> }) | undefined;
}

/** One EC2 instance. Another image is another instance. */
export class Machine extends ComponentResource {
  readonly instanceId: Output<string>;
  readonly publicIp: Output<string>;
  readonly privateIp: Output<string>;
  /** The resources behind it. */
  readonly nodes: { readonly machineImage: MachineImage; readonly instance: Instance };

  constructor(name: string, args: MachineArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:AwsMachine", name, {}, options);
    const machineImage = machineImageOf(name, args, args.transform, this);
    const instance = new Instance(`${name}-instance`, transformed(args.transform?.instance, instanceArguments(name, args, machineImage), `${name}-instance`), { parent: this });
    this.nodes = { machineImage, instance };
    this.instanceId = instance.id;
    this.publicIp = instance.publicIp;
    this.privateIp = instance.privateIp;
    this.registerOutputs({ instanceId: this.instanceId, publicIp: this.publicIp, privateIp: this.privateIp });
  }
}

/** What launches any machine of ours: version 2 of the metadata service only, not to be reached from a container's own network. */
export const METADATA_OPTIONS = { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 } as const;

function instanceArguments(name: string, { instanceType, subnetId, securityGroupIds, iamInstanceProfile, userData, publicIp, tags }: MachineArgs, { imageId }: MachineImage): InstanceArgs {
  return {
    ami: imageId,
    instanceType,
    metadataOptions: METADATA_OPTIONS,
    tags: tagsOf(name, tags),
    ...(subnetId !== undefined && { subnetId }),
    ...(securityGroupIds !== undefined && { vpcSecurityGroupIds: output(securityGroupIds).apply((ids) => [...ids]) }),
    ...(iamInstanceProfile !== undefined && { iamInstanceProfile }),
    ...(userData !== undefined && { userData, userDataReplaceOnChange: true }),
    ...(publicIp !== undefined && { associatePublicIpAddress: publicIp }),
  };
}
