/**
 * Converts the arguments of @pulumi/aws's classes to the requests that its provider sends when it creates the resource.
 *
 * Source: hashicorp/terraform-provider-aws, `internal/service/`: `ec2/ec2_ami.go` (resourceAMICreate,
 * expandBlockDeviceMappingForAMIEBSBlockDevice), `ec2/ec2_ami_copy.go` (resourceAMICopyCreate), `ec2/ec2_launch_template.go`
 * (expandRequestLaunchTemplateData and the functions that it calls), `ec2/ec2_instance.go` (buildInstanceOpts),
 * `ec2/ebs_volume.go` (resourceEBSVolumeCreate), `ec2/ebs_volume_attachment.go`, `autoscaling/group.go` (resourceGroupCreate).
 * Tags of an AMI and its copy follow in CreateTags, all others are in the request.
 * Assumed: that the provider sends nothing for an argument that is empty.
 */
import { isProperties, type Properties, type Value } from "../../../sdk/plugin/value.ts";
import { record } from "../models/recorded.ts";

/** An operation and its parameters. */
export interface StockRequest {
  readonly service: "ec2" | "autoscaling";
  readonly operation: string;
  readonly input: Properties;
}

/** Writes the parameters of one argument; undefined for an argument that the provider keeps to itself. */
type Writer = (value: Value, args: Properties) => Properties | undefined;

const capital = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
const as =
  (name: string, of: (value: Value) => Value = (value) => value): Writer =>
  (value) => ({ [name]: of(value) });
const own: Writer = () => undefined;
/** The members by the same names with a capital. */
const members = (value: Value): Value =>
  Object.fromEntries(Object.entries(value as Properties).flatMap(([name, inner]) => (inner === undefined ? [] : [[capital(name), inner]])));
const list = (of: (value: Value) => Value) => (value: Value) => (value as readonly Value[]).map(of);
const tagList = (value: Value): Value => Object.entries(value as Properties).map(([Key, Value]) => ({ Key, Value: Value as string }));
/** A boolean that the provider takes as text, so that it may be left out. */
const nullable = (value: Value): Value => (value === "true" ? true : value === "false" ? false : value);
const same = (...names: readonly string[]): Record<string, Writer> => Object.fromEntries(names.map((name) => [name, as(capital(name))]));

function written(what: string, args: Properties, writers: Readonly<Record<string, Writer>>): Properties {
  return Object.assign(
    {},
    ...Object.entries(args).map(([name, value]) => {
      if (value === undefined || value === null) return {};
      const writer = writers[name];
      if (!writer) throw new Error(`${what}: how the provider sends ${name} is not written here`);
      return writer(value as Value, args) ?? {};
    }),
  ) as Properties;
}

const EBS: Readonly<Record<string, Writer>> = {
  ...same("iops", "kmsKeyId", "snapshotId", "throughput", "volumeSize", "volumeType"),
  deleteOnTermination: as("DeleteOnTermination", nullable),
  encrypted: as("Encrypted", nullable),
};
const device = (what: string) => (value: Value) => {
  const { deviceName, ...ebs } = value as Properties;
  return { DeviceName: deviceName as string, Ebs: written(what, ebs, EBS) };
};

const METADATA = { ...same("httpEndpoint", "httpTokens", "httpPutResponseHopLimit", "httpProtocolIpv6", "instanceMetadataTags") };
const metadata = as("MetadataOptions", (value) => written("metadataOptions", value as Properties, METADATA));

const TEMPLATE: Readonly<Record<string, Writer>> = {
  ...same("imageId", "instanceType", "userData", "keyName", "ebsOptimized"),
  vpcSecurityGroupIds: as("SecurityGroupIds"),
  metadataOptions: metadata,
  iamInstanceProfile: as("IamInstanceProfile", members),
  blockDeviceMappings: as(
    "BlockDeviceMappings",
    list((value) => {
      const { deviceName, ebs } = value as Properties;
      return { DeviceName: deviceName as string, ...(ebs !== undefined && { Ebs: written("ebs", ebs as Properties, EBS) }) };
    }),
  ),
  networkInterfaces: as(
    "NetworkInterfaces",
    list((value) => ({
      // the provider sends the index always
      DeviceIndex: 0,
      ...written("networkInterfaces", value as Properties, {
        ...same("deviceIndex", "subnetId"),
        associatePublicIpAddress: as("AssociatePublicIpAddress", nullable),
        securityGroups: as("Groups"),
      }),
    })),
  ),
  tagSpecifications: as(
    "TagSpecifications",
    list((value) => {
      const { resourceType, tags } = value as Properties;
      return { ResourceType: resourceType as string, Tags: tagList(tags as Value) };
    }),
  ),
  instanceMarketOptions: as("InstanceMarketOptions", members),
  // of the template, not of its data
  ...{ name: own, tags: own, updateDefaultVersion: own, description: own },
};

const tagged = (resourceType: string): Writer => as("TagSpecifications", (tags) => [{ ResourceType: resourceType, Tags: tagList(tags) }]);

const INSTANCE: Readonly<Record<string, Writer>> = {
  ...same("instanceType", "keyName", "subnetId"),
  ami: as("ImageId"),
  metadataOptions: metadata,
  iamInstanceProfile: as("IamInstanceProfile", (Name) => ({ Name })),
  userData: as("UserData", (text) => Buffer.from(String(text)).toString("base64")),
  userDataBase64: as("UserData"),
  tags: tagged("instance"),
  volumeTags: own,
  // with a public address the provider names an interface, which then has the subnet and the groups
  associatePublicIpAddress: own,
  vpcSecurityGroupIds: own,
  // the AMI says which device is the root
  rootBlockDevice: own,
  ...{ userDataReplaceOnChange: own, sourceDestCheck: own },
};

function instance(args: Properties): Properties {
  const { associatePublicIpAddress, vpcSecurityGroupIds, rootBlockDevice } = args;
  const { SubnetId, ...rest } = written("Instance", args, INSTANCE);
  const network: Properties =
    associatePublicIpAddress === undefined
      ? { ...(SubnetId !== undefined && { SubnetId }), ...(vpcSecurityGroupIds !== undefined && { SecurityGroupIds: vpcSecurityGroupIds }) }
      : {
          NetworkInterfaces: [
            {
              DeviceIndex: 0,
              AssociatePublicIpAddress: associatePublicIpAddress,
              ...(SubnetId !== undefined && { SubnetId }),
              ...(vpcSecurityGroupIds !== undefined && { Groups: vpcSecurityGroupIds }),
            },
          ],
        };
  return {
    MinCount: 1,
    MaxCount: 1,
    ...rest,
    ...network,
    ...(rootBlockDevice !== undefined && {
      BlockDeviceMappings: [device("rootBlockDevice")({ deviceName: "/dev/xvda", ...without(rootBlockDevice as Properties, "tags") })],
    }),
  };
}

const GROUP: Readonly<Record<string, Writer>> = {
  ...same("minSize", "maxSize", "desiredCapacity", "healthCheckType", "healthCheckGracePeriod", "defaultCooldown", "capacityRebalance"),
  name: as("AutoScalingGroupName"),
  vpcZoneIdentifiers: as("VPCZoneIdentifier", (ids) => (ids as readonly string[]).join(",")),
  targetGroupArns: as("TargetGroupARNs"),
  launchTemplate: as("LaunchTemplate", (value) => {
    const { id, name, version } = value as Properties;
    return {
      ...(id !== undefined && { LaunchTemplateId: id as string }),
      ...(name !== undefined && { LaunchTemplateName: name as string }),
      ...(version !== undefined && { Version: version as string }),
    };
  }),
  tags: as(
    "Tags",
    list((value) => ({ ...(members(value) as Properties), ResourceType: "auto-scaling-group" })),
  ),
  waitForCapacityTimeout: own,
  instanceRefresh: own,
};

const without = (args: Properties, ...names: readonly string[]): Properties =>
  Object.fromEntries(Object.entries(args).filter(([name]) => !names.includes(name)));

const tagsOf = (resource: string, args: Properties): StockRequest[] =>
  isProperties(args.tags) && Object.keys(args.tags).length > 0
    ? [{ service: "ec2", operation: "CreateTags", input: { Resources: [resource], Tags: tagList(args.tags as Value) } }]
    : [];

const CREATE: Readonly<Record<string, (name: string, args: Properties) => readonly StockRequest[]>> = {
  "aws:ec2/ami:Ami": (name, args) => [
    {
      service: "ec2",
      operation: "RegisterImage",
      input: {
        Name: name,
        SriovNetSupport: "simple",
        ...written("Ami", args, {
          ...same("name", "description", "architecture", "enaSupport", "rootDeviceName", "virtualizationType"),
          ...same("bootMode", "imdsSupport", "tpmSupport", "uefiData"),
          // with a snapshot, encryption is the snapshot's
          ebsBlockDevices: as("BlockDeviceMappings", list(device("ebsBlockDevices"))),
          tags: own,
        }),
      },
    },
    ...tagsOf("ami-0123456789abcdef0", args),
  ],
  "aws:ec2/amiCopy:AmiCopy": (name, args) => [
    {
      service: "ec2",
      operation: "CopyImage",
      input: {
        Name: name,
        Encrypted: false,
        ...written("AmiCopy", args, {
          ...same("name", "description", "encrypted", "kmsKeyId"),
          sourceAmiId: as("SourceImageId"),
          sourceAmiRegion: as("SourceRegion"),
          // the region that is asked
          region: own,
          tags: own,
        }),
      },
    },
    ...tagsOf("ami-0123456789abcdef0", args),
  ],
  "aws:ec2/launchTemplate:LaunchTemplate": (name, args) => [
    {
      service: "ec2",
      operation: "CreateLaunchTemplate",
      input: {
        ClientToken: "terraform-1",
        LaunchTemplateName: (args.name ?? name) as string,
        LaunchTemplateData: { UserData: "", ...written("LaunchTemplate", args, TEMPLATE) },
        ...(args.tags !== undefined && (tagged("launch-template")(args.tags as Value, args) as Properties)),
      },
    },
  ],
  "aws:autoscaling/group:Group": (name, args) => [
    {
      service: "autoscaling",
      operation: "CreateAutoScalingGroup",
      input: { AutoScalingGroupName: name, NewInstancesProtectedFromScaleIn: false, ...written("Group", args, GROUP) },
    },
  ],
  "aws:ec2/instance:Instance": (_, args) => [{ service: "ec2", operation: "RunInstances", input: instance(args) }],
  "aws:ebs/volume:Volume": (_, args) => [
    {
      service: "ec2",
      operation: "CreateVolume",
      input: written("Volume", args, {
        ...same("availabilityZone", "size", "snapshotId", "encrypted", "kmsKeyId", "iops", "throughput"),
        type: as("VolumeType"),
        tags: tagged("volume"),
        finalSnapshot: own,
      }),
    },
  ],
  "aws:ec2/volumeAttachment:VolumeAttachment": (_, args) => [
    {
      service: "ec2",
      operation: "AttachVolume",
      input: written("VolumeAttachment", args, {
        ...same("volumeId", "instanceId"),
        deviceName: as("Device"),
        ...{ stopInstanceBeforeDetaching: own, forceDetach: own, skipDestroy: own },
      }),
    },
  ],
};

/** The requests that create a resource; empty for a type that is not here. */
export function stockRequests(token: string, name: string, args: Properties): readonly StockRequest[] {
  return CREATE[token]?.(name, args) ?? [];
}

/** What the provider sends for a change in place. */
const UPDATE: Readonly<Record<string, (id: string, name: string, args: Properties) => readonly StockRequest[]>> = {
  "aws:ec2/launchTemplate:LaunchTemplate": (id, name, args) =>
    stockRequests("aws:ec2/launchTemplate:LaunchTemplate", name, args).map(({ service, input: { ClientToken, LaunchTemplateData } }) => ({
      service,
      operation: "CreateLaunchTemplateVersion",
      input: { ClientToken, LaunchTemplateId: id, LaunchTemplateData },
    })),
  "aws:autoscaling/group:Group": (id, _, args) => [
    {
      service: "autoscaling",
      operation: "UpdateAutoScalingGroup",
      input: {
        ...written("Group", without(args, "tags", "targetGroupArns"), GROUP),
        AutoScalingGroupName: id,
      },
    },
  ],
};

/** Writes down what the provider sends for a resource, where the run of tests collects requests. */
export function recordStock(token: string, name: string, args: Properties, id?: string): void {
  const requests = id === undefined ? stockRequests(token, name, args) : (UPDATE[token]?.(id, name, args) ?? []);
  for (const request of requests) record({ cloud: "aws", ...request });
}
