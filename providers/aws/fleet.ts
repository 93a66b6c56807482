import { Group, type GroupArgs } from "@pulumi/aws/autoscaling/group.js";
import { LaunchTemplate, type LaunchTemplateArgs } from "@pulumi/aws/ec2/launchTemplate.js";
import { getRegionOutput } from "@pulumi/aws/getRegion.js";
import { type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import { timeLimit } from "../../sdk/machine/time-limit.ts";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import { accessOf } from "./access-args.ts";
import type { MachineArgs } from "./machine.ts";
import { type MachineImage, type MachineImageArgs, ROOT_DEVICE } from "./machine-image.ts";
import { machineMetadata } from "./machine-metadata.ts";
import { secretsTold } from "./machine-secrets.ts";
import { machineImageOf, tagsOf } from "./machine-source.ts";
import { ROLLOUT_DEFAULTS } from "../../sdk/rollout/defaults.ts";
import { RolloutGate, type RolloutGateArgs } from "./rollout-gate.ts";

/** Arguments of {@link Fleet}. One of `image`, `build` and `machineImage` says what its machines run. */
export interface FleetArgs
  extends Omit<MachineArgs, "subnetId" | "volumes" | "transform">,
    Pick<RolloutGateArgs, "minHealthyPercentage" | "maxHealthyPercentage" | "instanceWarmup"> {
  /** How many machines. */
  readonly count: Input<number>;
  /** Over which they are spread. */
  readonly subnetIds: Input<readonly Input<string>[]>;
  /** Load balancers' target groups, whose health checks then decide. @default none: EC2's own status checks decide */
  readonly targetGroupArns?: Input<readonly Input<string>[]> | undefined;
  /** Seconds after its start in which a machine's health does not count. @default 60 */
  readonly healthCheckGracePeriod?: Input<number> | undefined;
  /** Seconds that a rollout may take. @default 3600 */
  readonly timeoutSeconds?: number | undefined;
  /** Changes the children's arguments. */
  readonly transform?:
    | (MachineImageArgs["transform"] & {
        readonly launchTemplate?: Transform<LaunchTemplateArgs>;
        readonly group?: Transform<GroupArgs>;
        readonly gate?: Transform<RolloutGateArgs>;
      })
    | undefined;
}

/**
 * An Auto Scaling group. Another image is another version of its launch template, to which the group is refreshed
 * batch by batch; the update waits for it, and fails when unhealthy machines have brought the old image back.
 */
export class Fleet extends ComponentResource {
  /** The Auto Scaling group's name. */
  readonly groupName: Output<string>;
  /** The number of the launch template's version. */
  readonly version: Output<string>;
  /** The resources behind it. */
  readonly nodes: {
    readonly machineImage: MachineImage;
    readonly launchTemplate: LaunchTemplate;
    readonly group: Group;
    readonly gate: RolloutGate;
  };

  constructor(name: string, args: FleetArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:AwsFleet", name, {}, options);
    const { transform, timeoutSeconds = 3600 } = args;
    if ("volumes" in args)
      throw new LinuxKitError(
        "UNSUPPORTED",
        `fleet "${name}": volumes: a fleet's machines come and go, and no disk stays with one of them: make a Machine for each disk, or keep what lasts in a service such as EFS, RDS or S3`,
        { what: "volumes of a fleet" },
      );
    const machineImage = machineImageOf(name, args, transform, this);
    const launchTemplate = new LaunchTemplate(
      `${name}-template`,
      transformed(transform?.launchTemplate, templateArguments(name, args, machineImage), `${name}-template`),
      { parent: this },
    );
    const version = launchTemplate.latestVersion.apply(String);
    const group = new Group(
      `${name}-group`,
      transformed(transform?.group, groupArguments(args, launchTemplate, version), `${name}-group`),
      { parent: this },
    );
    const region = getRegionOutput({}, { parent: this }).region;
    const { minHealthyPercentage, maxHealthyPercentage, instanceWarmup } = args;
    const wanted = {
      fleet: name,
      group: group.name,
      launchTemplateId: launchTemplate.id,
      launchTemplateVersion: version,
      minHealthyPercentage,
      maxHealthyPercentage,
      instanceWarmup,
      region,
      ...accessOf(this, args),
    };
    const gate = new RolloutGate(`${name}-gate`, transformed(transform?.gate, wanted, `${name}-gate`), {
      parent: this,
      ...timeLimit(timeoutSeconds),
    });
    this.nodes = { machineImage, launchTemplate, group, gate };
    this.groupName = group.name;
    this.version = version;
    this.registerOutputs({ groupName: this.groupName, version: this.version });
  }
}

function templateArguments(
  name: string,
  { instanceType, securityGroupIds, iamInstanceProfile, userData, publicIp, tags, secrets }: FleetArgs,
  image: MachineImage,
): LaunchTemplateArgs {
  const groups = securityGroupIds === undefined ? undefined : output(securityGroupIds).apply((ids) => [...ids]);
  const all = tagsOf(name, tags);
  const machine = machineMetadata(all, secretsTold(name, secrets, image));
  return {
    imageId: image.imageId,
    instanceType,
    updateDefaultVersion: true,
    metadataOptions: machine.metadataOptions,
    tags: all,
    tagSpecifications: [
      { resourceType: "instance", tags: machine.tags },
      { resourceType: "volume", tags: all },
    ],
    blockDeviceMappings: [{ deviceName: ROOT_DEVICE, ebs: { volumeType: "gp3", deleteOnTermination: "true" } }],
    ...(iamInstanceProfile !== undefined && { iamInstanceProfile: { name: iamInstanceProfile } }),
    ...(userData !== undefined && { userData: output(userData).apply((text) => Buffer.from(text).toString("base64")) }),
    ...(publicIp === undefined
      ? groups && { vpcSecurityGroupIds: groups }
      : { networkInterfaces: [{ associatePublicIpAddress: output(publicIp).apply(String), ...(groups && { securityGroups: groups }) }] }),
  };
}

function groupArguments(
  { count, subnetIds, targetGroupArns, healthCheckGracePeriod = 60, ...refresh }: FleetArgs,
  { id }: LaunchTemplate,
  version: Output<string>,
): GroupArgs {
  const {
    minHealthyPercentage = ROLLOUT_DEFAULTS.minHealthyPercentage,
    maxHealthyPercentage = ROLLOUT_DEFAULTS.maxHealthyPercentage,
    instanceWarmup = ROLLOUT_DEFAULTS.instanceWarmup,
  } = refresh;
  return {
    minSize: count,
    maxSize: count,
    desiredCapacity: count,
    vpcZoneIdentifiers: output(subnetIds).apply((ids) => [...ids]),
    // a number: with $Latest no refresh would begin
    launchTemplate: { id, version },
    healthCheckType: targetGroupArns === undefined ? "EC2" : "ELB",
    healthCheckGracePeriod,
    // the gate waits, and knows why it failed
    waitForCapacityTimeout: "0",
    ...(targetGroupArns !== undefined && { targetGroupArns: output(targetGroupArns).apply((arns) => [...arns]) }),
    instanceRefresh: {
      strategy: "Rolling",
      preferences: {
        autoRollback: true,
        skipMatching: true,
        minHealthyPercentage,
        maxHealthyPercentage,
        instanceWarmup: output(instanceWarmup).apply(String),
      },
    },
  };
}
