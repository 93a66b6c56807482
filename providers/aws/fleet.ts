import type { Group, GroupArgs } from "@pulumi/aws/autoscaling/group.js";
import type { LaunchTemplate, LaunchTemplateArgs } from "@pulumi/aws/ec2/launchTemplate.js";
import { all, type Input, type Output, output } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import { isDeferred } from "../../sdk/core/deferred.ts";
import type { Digest } from "../../sdk/core/digest.ts";
import type { CloudFleetArgs, Tags } from "../../sdk/machine/args.ts";
import { keepNames } from "../../sdk/machine/keep-names.ts";
import { timeLimit } from "../../sdk/machine/time-limit.ts";
import { type Transform, transformed } from "../../sdk/machine/transform.ts";
import { refuseVolumes } from "../../sdk/machine/volumes.ts";
import { accessOf } from "./access-args.ts";
import type { MachineArgs } from "./machine.ts";
import { type MachineImage, type MachineImageArgs, ROOT_DEVICE } from "./machine-image.ts";
import { machineMetadata } from "./machine-metadata.ts";
import { checkedFleet } from "./machine-rules.ts";
import { type Launching, machineImageFor, tagsOf } from "./machine-source.ts";
import { RolloutGate, type RolloutGateArgs } from "./rollout-gate.ts";
import { aws } from "./pulumi-aws.ts";

/** Arguments of {@link Fleet}. One of `image`, `build` and `machineImage` says what its machines run. */
export interface FleetArgs
  extends CloudFleetArgs<MachineImage>,
    Omit<MachineArgs, "subnetId" | "volumes" | "transform">,
    Pick<RolloutGateArgs, "minHealthyPercentage" | "maxHealthyPercentage" | "instanceWarmup"> {
  /** The subnets that machines are spread over. @example ["subnet-0a1b2c3d", "subnet-4e5f6a7b"] */
  readonly subnetIds: Input<readonly Input<string>[]>;
  /**
   * Target groups of load balancers, whose health checks then decide.
   * @default none: EC2's own status checks decide
   * @example ["arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/0123456789abcdef"]
   */
  readonly targetGroupArns?: Input<readonly Input<string>[]> | undefined;
  /** Changes the children's arguments. @default none */
  readonly transform?:
    | (MachineImageArgs["transform"] & {
        /** Changes the arguments of the launch template. @default none */
        readonly launchTemplate?: Transform<LaunchTemplateArgs>;
        /** Changes the arguments of the group of machines. @default none */
        readonly group?: Transform<GroupArgs>;
        /** Changes the arguments of the gate of the rollout. @default none */
        readonly gate?: Transform<RolloutGateArgs>;
      })
    | undefined;
}

/**
 * An Auto Scaling group. A new image creates a new launch template version, and the gate starts an instance refresh that
 * replaces the machines batch by batch. The update waits for it, and fails when unhealthy machines cause a rollback.
 */
export class Fleet extends ComponentResource {
  /** The Auto Scaling group's name. */
  readonly groupName: Output<string>;
  /** The image that every machine runs, known when the rollout is done. */
  readonly digest: Output<Digest>;
  /** The number of the launch template's version. */
  readonly launchTemplateVersion: Output<string>;
  /** The resources behind it. */
  readonly nodes: {
    /** What the machines start from. */
    readonly machineImage: MachineImage;
    /** The launch template. */
    readonly launchTemplate: LaunchTemplate;
    /** The group of machines. */
    readonly group: Group;
    /** What holds the update until the machines are healthy. */
    readonly gate: RolloutGate;
  };

  constructor(name: string, given: FleetArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:AwsFleet", name, {}, options);
    const args = checkedFleet(name, given);
    const { transform, timeoutSeconds = 3600 } = args;
    refuseVolumes(name, args, "EFS, RDS or S3");
    const { machineImage, ...launched } = machineImageFor(`fleet "${name}"`, name, args, transform, this);
    const template = transformed(
      transform?.launchTemplate,
      templateArguments(name, { ...args, ...launched }, machineImage),
      `${name}-template`,
    );
    const launchTemplate = new aws.LaunchTemplate(`${name}-template`, template, { parent: this, ...keepNameTags(template, args.tags) });
    const version = launchTemplate.latestVersion.apply(String);
    const wantedGroup = groupArguments(args, launchTemplate, version);
    const groupArgs = transformed(transform?.group, wantedGroup, `${name}-group`);
    // the gate's refresh sets the version: given to the group itself, it would be the one that a rollback leads to
    const keep = keepNames(groupArgs, { launchTemplate: wantedGroup.launchTemplate });
    const group = new aws.Group(`${name}-group`, groupArgs, { parent: this, ...keep });
    const region = aws.getRegionOutput({}, { parent: this }).region;
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
    this.digest = all([machineImage.digest, gate.rollout]).apply(([digest]) => digest);
    this.launchTemplateVersion = version;
    this.registerOutputs({ groupName: this.groupName, digest: this.digest, launchTemplateVersion: this.launchTemplateVersion });
  }
}

function templateArguments(
  name: string,
  { imageId, instanceType, securityGroupIds, iamInstanceProfile, userData, publicIp, tags, secretTags }: Launching<FleetArgs>,
  image: MachineImage,
): LaunchTemplateArgs {
  const groups = securityGroupIds === undefined ? undefined : output(securityGroupIds).apply((ids) => [...ids]);
  const allTags = tagsOf(name, tags);
  const { definition } = image.nodes.build;
  const machine = machineMetadata(definition, allTags, secretTags);
  return {
    imageId,
    instanceType,
    updateDefaultVersion: true,
    metadataOptions: machine.metadataOptions,
    tags: allTags,
    tagSpecifications: [
      { resourceType: "instance", tags: machine.tags },
      { resourceType: "volume", tags: allTags },
    ],
    blockDeviceMappings: [{ deviceName: ROOT_DEVICE, ebs: { volumeType: "gp3", deleteOnTermination: "true" } }],
    ...(iamInstanceProfile !== undefined && { iamInstanceProfile: { name: iamInstanceProfile } }),
    ...(userData !== undefined && { userData: output(userData).apply((text) => Buffer.from(text).toString("base64")) }),
    ...(publicIp === undefined
      ? groups && { vpcSecurityGroupIds: groups }
      : { networkInterfaces: [{ associatePublicIpAddress: output(publicIp).apply(String), ...(groups && { securityGroups: groups }) }] }),
  };
}

/** Keeps the machines' `Name` where it is the fleet's: another one would be another version, to which every machine is replaced. */
function keepNameTags({ tagSpecifications }: LaunchTemplateArgs, tags: Tags | undefined): { readonly ignoreChanges: string[] } {
  const isOwn = isDeferred(tags) || Object.hasOwn(tags ?? {}, "Name") || !Array.isArray(tagSpecifications);
  const specified = isOwn ? [] : tagSpecifications.map((_, index) => `tagSpecifications[${index}].tags.Name`);
  return { ignoreChanges: isOwn ? [] : ["tags.Name", ...specified] };
}

function groupArguments(
  { count, subnetIds, targetGroupArns, healthCheckGracePeriod = 60 }: FleetArgs,
  { id }: LaunchTemplate,
  version: Output<string>,
): GroupArgs {
  return {
    minSize: count,
    maxSize: count,
    desiredCapacity: count,
    vpcZoneIdentifiers: output(subnetIds).apply((ids) => [...ids]),
    // a number: a refresh to $Latest cannot be rolled back
    launchTemplate: { id, version },
    healthCheckType: targetGroupArns === undefined ? "EC2" : "ELB",
    healthCheckGracePeriod,
    // the gate waits instead, and reports why a rollout failed
    waitForCapacityTimeout: "0",
    ...(targetGroupArns !== undefined && { targetGroupArns: output(targetGroupArns).apply((arns) => [...arns]) }),
  };
}
