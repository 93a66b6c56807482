/**
 * Plays `pulumi-resource-aws` for the resources that the components make: AMI, AMI copy, launch template, Auto Scaling
 * group, and those of ec2-machines.ts.
 *
 * Source: @pulumi/aws declares every input; the stand-in refuses others.
 * Source: Amazon EC2 API Reference: RegisterImage (names, boot modes), CopyImage (Encrypted, KmsKeyId), CreateLaunchTemplate
 * (error codes).
 * Source: hashicorp/terraform-provider-aws, internal/service/ec2/ec2_ami_copy.go: Encrypted is always sent, false by default.
 * Source: hashicorp/terraform-provider-aws, internal/service/autoscaling/group.go, resourceGroupUpdate: what changed goes to
 * UpdateAutoScalingGroup first; a changed launch template then starts an instance refresh, for which nothing waits.
 * Source: hashicorp/terraform-provider-aws, internal/service/ec2: ec2_ami.go, ec2_ami_copy.go, ec2_launch_template.go;
 * internal/service/autoscaling/group.go (`ForceNew`): which changes replace a resource.
 */
import { createHash } from "node:crypto";
import type { Provider } from "../../../sdk/plugin/provider.ts";
import type { Properties } from "../../../sdk/plugin/value.ts";
import { type StandInType, standInProvider } from "../stand-in.ts";
import type { AutoScaling, Launch } from "./auto-scaling.ts";
import type { AwsServer } from "./aws-server.ts";
import { Ec2Machines, refuseTags, zoneOf } from "./ec2-machines.ts";
import { describeType } from "./instance-types.ts";
import { recordStock } from "./stock-requests.ts";

/** An AMI of the stand-in. */
export interface StoredImage {
  readonly id: string;
  readonly snapshot: string;
  readonly args: Properties;
}

/** The stand-in provider and the resources it has made; snapshots are in the server. */
export interface PulumiAws {
  readonly provider: Provider;
  readonly images: Map<string, StoredImage>;
  /** Copies of images in other regions, each with its own snapshot. */
  readonly copies: Map<string, Properties>;
  /** Region and account of the provider; a test may change them. */
  readonly place: { region: string; account: string };
  /** Versions of each launch template by its ID, oldest first. */
  readonly templates: Map<string, Properties[]>;
  /** Instances, volumes and attachments. */
  readonly machines: Ec2Machines;
}

/** Makes the provider. It uses the snapshots of the server, and the groups of Auto Scaling. */
export function pulumiAws(server: AwsServer, scaling: AutoScaling): PulumiAws {
  const images = new Map<string, StoredImage>();
  const copies = new Map<string, Properties>();
  const place = { region: "eu-central-1", account: server.account };
  const templates = new Map<string, Properties[]>();
  const id = (prefix: string, of: string) =>
    `${prefix}-${createHash("sha256").update(`${of}${images.size}${templates.size}`).digest("hex").slice(0, 17)}`;
  const machines = new Ec2Machines(server, images);
  const types: StandInType[] = [
    ...machines.types(),
    {
      token: "aws:ec2/ami:Ami",
      replaces: [
        "name",
        "architecture",
        "virtualizationType",
        "rootDeviceName",
        "ebsBlockDevices",
        "bootMode",
        "imdsSupport",
        "tpmSupport",
        "enaSupport",
        "imageLocation",
        "kernelId",
        "ramdiskId",
        "sriovNetSupport",
        "uefiData",
      ],
      computed: ["arn"],
      create(_, inputs) {
        const [device] = (inputs.ebsBlockDevices ?? []) as unknown as { snapshotId: string; deviceName: string; encrypted?: boolean }[];
        const snapshot = server.ebs.snapshots.get(device?.snapshotId ?? "");
        if (snapshot?.status !== "completed")
          throw new Error(`InvalidSnapshot: ${device?.snapshotId} is ${snapshot?.status ?? "not there"}`);
        if (device?.deviceName !== inputs.rootDeviceName) throw new Error("the root device has no block device");
        if (inputs.virtualizationType !== "hvm" || (inputs.tpmSupport !== undefined && inputs.bootMode !== "uefi"))
          throw new Error("a paravirtual image, or a TPM without UEFI");
        if (inputs.architecture === "arm64" && inputs.bootMode !== "uefi")
          throw new Error("an image for arm64 that does not start by UEFI");
        if (!/^[A-Za-z0-9()[\] ./'@_-]{3,128}$/.test(String(inputs.name)))
          throw new Error(`InvalidAMIName.Malformed: AMI names must be between 3 and 128 characters long: ${String(inputs.name)}`);
        if ([...images.values()].some(({ args }) => args.name === inputs.name))
          throw new Error(`InvalidAMIName.Duplicate: AMI name ${String(inputs.name)} is already in use`);
        const image = { id: id("ami", String(inputs.name)), snapshot: snapshot.id, args: inputs };
        images.set(image.id, image);
        server.ebs.inUse.add(snapshot.id);
        return { id: image.id, outputs: { ...inputs, arn: `arn:aws:ec2:::image/${image.id}` } };
      },
      exists: (id) => images.has(id),
      remove(id) {
        const image = images.get(id);
        if (!image) return;
        if (machines.isRunning(id)) throw new Error(`${id} is still run by an instance`);
        if (
          [...scaling.groups.values()].some(({ instances }) =>
            instances.some(({ templateId, version }) => templates.get(templateId)?.[Number(version) - 1]?.imageId === id),
          )
        )
          throw new Error(`${id} is still run by a group`);
        images.delete(id);
        server.ebs.inUse.delete(image.snapshot);
      },
    },
    {
      token: "aws:ec2/amiCopy:AmiCopy",
      replaces: ["name", "sourceAmiId", "sourceAmiRegion", "region", "encrypted", "kmsKeyId"],
      computed: ["arn"],
      create(_, inputs) {
        const { sourceAmiId, sourceAmiRegion, region, name } = inputs;
        if (sourceAmiRegion !== place.region || !images.has(String(sourceAmiId)))
          throw new Error(`InvalidAMIID.NotFound: The image id '[${String(sourceAmiId)}]' does not exist in ${String(sourceAmiRegion)}`);
        if (region === sourceAmiRegion) throw new Error("a copy must be in another region than the image");
        const snapshot = server.ebs.snapshots.get(images.get(String(sourceAmiId))?.snapshot ?? "");
        // the provider sends false where the program gives nothing
        if (snapshot?.encrypted && inputs.encrypted !== true)
          throw new Error("InvalidParameterCombination: an encrypted snapshot has no unencrypted copy");
        if (inputs.kmsKeyId !== undefined && (inputs.encrypted !== true || String(inputs.kmsKeyId).split(":")[3] !== region))
          throw new Error(`InvalidParameterValue: ${String(inputs.kmsKeyId)} is no key of ${String(region)}, or the copy is not encrypted`);
        if ([...copies.values()].some((other) => other.region === region && other.name === name))
          throw new Error(`InvalidAMIName.Duplicate: AMI name ${String(name)} is already in use`);
        const copy = id("ami", `${String(region)}${String(name)}${copies.size}`);
        copies.set(copy, inputs);
        return { id: copy, outputs: { ...inputs, arn: `arn:aws:ec2:${String(region)}::image/${copy}` } };
      },
      exists: (id) => copies.has(id),
      remove: (id) => void copies.delete(id),
    },
    {
      token: "aws:ec2/launchTemplate:LaunchTemplate",
      computed: ["latestVersion", "defaultVersion"],
      create(name, inputs) {
        if (!images.has(String(inputs.imageId))) throw new Error(`InvalidAMIID.NotFound: ${String(inputs.imageId)}`);
        refuseTags(inputs);
        const template = id("lt", name);
        templates.set(template, [inputs]);
        return { id: template, outputs: { ...inputs, name: inputs.name ?? template, latestVersion: 1, defaultVersion: 1 } };
      },
      update(template, inputs) {
        if (!images.has(String(inputs.imageId))) throw new Error(`InvalidAMIID.NotFound: ${String(inputs.imageId)}`);
        refuseTags(inputs);
        const versions = templates.get(template) as Properties[];
        versions.push(inputs);
        return { ...inputs, name: inputs.name ?? template, latestVersion: versions.length, defaultVersion: versions.length };
      },
      exists: (id) => templates.has(id),
      remove: (id) => void templates.delete(id),
    },
    {
      token: "aws:autoscaling/group:Group",
      replaces: ["name"],
      computed: ["arn"],
      create(name, inputs) {
        const group = `${name}-1`;
        scaling.create(group, launchOf(inputs), inputs.desiredCapacity as number);
        return { id: group, outputs: { ...inputs, name: group, arn: `arn:aws:autoscaling:::${group}` } };
      },
      update(id, inputs, old) {
        const [now, before] = [launchOf(inputs), launchOf(old)];
        const isNew = now.templateId !== before.templateId || now.version !== before.version;
        scaling.update(id, { ...(isNew && { saved: now }), size: inputs.desiredCapacity as number });
        if (inputs.instanceRefresh !== undefined && isNew) scaling.startRefresh(id, now);
        return { ...old, ...inputs };
      },
      exists: (id) => scaling.groups.has(id),
      remove: (id) => void scaling.groups.delete(id),
    },
  ];
  const provider = standInProvider({
    name: "aws",
    config: [
      "region",
      "profile",
      "accessKey",
      "secretKey",
      "token",
      "assumeRoles",
      "defaultTags",
      "skipCredentialsValidation",
      "skipMetadataApiCheck",
      "skipRegionValidation",
    ],
    types: types.map(recorded),
    functions: {
      "aws:ec2/getSubnet:getSubnet": async ({ id }) => ({ id: id ?? "", availabilityZone: zoneOf(String(id)) }),
      "aws:ec2/getInstanceType:getInstanceType": async ({ instanceType }) => describeType(String(instanceType)) as unknown as Properties,
      "aws:index/getRegion:getRegion": async () => ({
        region: place.region,
        name: place.region,
        id: place.region,
        description: "",
        endpoint: `ec2.${place.region}.amazonaws.com`,
      }),
      "aws:index/getCallerIdentity:getCallerIdentity": async () => ({
        accountId: place.account,
        arn: "arn",
        id: place.account,
        userId: "u",
      }),
    },
  });
  return { provider, images, copies, place, templates, machines };
}

/** A type that writes down what the provider sends for it. */
function recorded(type: StandInType): StandInType {
  const { token, create, update } = type;
  return {
    ...type,
    async create(name, inputs, signal) {
      const made = await create.call(type, name, inputs, signal);
      recordStock(token, name, inputs);
      return made;
    },
    async update(id, inputs, old, signal, oldInputs) {
      const outputs = update ? await update.call(type, id, inputs, old, signal, oldInputs) : { ...old, ...inputs };
      recordStock(token, id, inputs, id);
      return outputs;
    },
  };
}

function launchOf({ launchTemplate }: Properties): Launch {
  const { id, version } = launchTemplate as { id: string; version: string };
  return { templateId: id, version };
}
