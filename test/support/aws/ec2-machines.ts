/**
 * Plays instances, EBS volumes and their attachments, as `pulumi-resource-aws` makes them on EC2.
 *
 * Source: Amazon EC2 API Reference: RunInstances, CreateVolume, ModifyVolume, AttachVolume, DetachVolume (error codes).
 * Source: Amazon EC2 User Guide, on device names and on tags in instance metadata.
 * Source: Amazon EC2 API Reference, DetachVolume: a volume whose filesystem is mounted may be "stuck in the busy state".
 * Source: hashicorp/terraform-provider-aws, internal/service/ec2: ec2_instance.go, ebs_volume.go, ebs_volume_attachment.go
 * (`ForceNew`, and `ForceNewIf` for user data): which changes replace a resource.
 * Stricter than EC2: an instance with attached volumes is not terminated, because its guest may still write to them.
 */
import type { Properties } from "../../../sdk/plugin/value.ts";
import type { StandInType } from "../stand-in.ts";
import type { AwsServer } from "./aws-server.ts";
import type { StoredImage } from "./pulumi-aws.ts";

/** An instance of the stand-in. */
export interface StoredInstance {
  readonly id: string;
  readonly zone: string;
  args: Properties;
  running: boolean;
}

/** An EBS volume of the stand-in. */
export interface StoredVolume {
  readonly id: string;
  readonly zone: string;
  args: Properties;
  /** Where it is attached. */
  at?: { readonly instance: string; readonly device: string };
}

/** GiB of each type. Source: Amazon EC2 API Reference, "CreateVolume", Size. */
const SIZES: Readonly<Record<string, readonly [least: number, most: number]>> = {
  gp2: [1, 16_384],
  gp3: [1, 65_536],
  io1: [4, 16_384],
  io2: [4, 65_536],
  st1: [125, 16_384],
  sc1: [125, 16_384],
  standard: [1, 1024],
};

/** The zone of a subnet: those with an even number are in zone a, those with an odd number in b. */
export function zoneOf(subnet: string): string {
  if (!/^subnet-\d$/.test(subnet)) throw new Error(`InvalidSubnetID.NotFound: The subnet ID '${subnet}' does not exist`);
  return `eu-central-1${Number(subnet.at(-1)) % 2 === 0 ? "a" : "b"}`;
}

/** The instances, volumes and attachments of one account, with the requests that EC2 refuses. */
export class Ec2Machines {
  readonly instances = new Map<string, StoredInstance>();
  readonly volumes = new Map<string, StoredVolume>();
  /** Events in order: `launch i-1`, `stop i-1`, `detach vol-1 i-1`… */
  readonly events: string[] = [];
  readonly #server: AwsServer;
  readonly #images: ReadonlyMap<string, StoredImage>;
  #count = 0;

  constructor(server: AwsServer, images: ReadonlyMap<string, StoredImage>) {
    this.#server = server;
    this.#images = images;
  }

  /** Whether an instance runs the image. */
  isRunning(image: string): boolean {
    return [...this.instances.values()].some(({ args }) => args.ami === image);
  }

  types(): StandInType[] {
    return [this.#instance(), this.#volume(), this.#attachment()];
  }

  #id(prefix: string): string {
    return `${prefix}-${(++this.#count).toString(16).padStart(17, "0")}`;
  }

  #instance(): StandInType {
    return {
      token: "aws:ec2/instance:Instance",
      replaces: ["ami", "subnetId", "keyName", "availabilityZone", "associatePublicIpAddress", "privateIp", "placementGroup", "tenancy"],
      replacesWhere: (input, now) => input === "userData" && now.userDataReplaceOnChange === true,
      computed: ["publicIp", "privateIp"],
      create: (_, inputs) => {
        if (!this.#images.has(String(inputs.ami)))
          throw new Error(`InvalidAMIID.NotFound: The image id '[${String(inputs.ami)}]' does not exist`);
        refuseTags(inputs);
        const instance: StoredInstance = { id: this.#id("i"), zone: zoneOf(String(inputs.subnetId)), args: inputs, running: true };
        this.instances.set(instance.id, instance);
        this.events.push(`launch ${instance.id}`);
        return { id: instance.id, outputs: { ...inputs, publicIp: "", privateIp: "10.0.0.7" } };
      },
      update: (id, inputs, old) => {
        refuseTags(inputs);
        (this.instances.get(id) as StoredInstance).args = inputs;
        return { ...old, ...inputs };
      },
      exists: (id) => this.instances.has(id),
      remove: (id) => {
        const attached = [...this.volumes.values()].filter(({ at }) => at?.instance === id);
        // EC2 would detach them while the guest still writes
        if (attached.length > 0) throw new Error(`${id} still has ${attached.map(({ id }) => id).join(", ")}`);
        this.instances.delete(id);
        this.events.push(`terminate ${id}`);
      },
    };
  }

  #volume(): StandInType {
    return {
      token: "aws:ebs/volume:Volume",
      replaces: ["availabilityZone", "encrypted", "kmsKeyId", "snapshotId", "multiAttachEnabled", "outpostArn"],
      computed: ["arn"],
      create: (_, inputs) => {
        const { size, type, availabilityZone, snapshotId, kmsKeyId, encrypted } = inputs;
        const snapshot = snapshotId === undefined ? undefined : this.#server.ebs.snapshots.get(String(snapshotId));
        if (snapshotId !== undefined && snapshot?.status !== "completed")
          throw new Error(`InvalidSnapshot.NotFound: The snapshot '${String(snapshotId)}' does not exist`);
        if (!/^eu-central-1[abc]$/.test(String(availabilityZone)))
          throw new Error(`InvalidParameterValue: Invalid availability zone: [${String(availabilityZone)}]`);
        if ((type === "io1" || type === "io2") && inputs.iops === undefined)
          throw new Error("MissingParameter: The request must contain the parameter iops");
        if (!(String(type) in SIZES)) throw new Error(`UnknownVolumeType: Unsupported volume type '${String(type)}'`);
        const [least, most] = SIZES[String(type)] as readonly [number, number];
        if (typeof size !== "number" || !Number.isInteger(size) || size < Math.max(snapshot?.sizeGiB ?? 1, least) || size > most)
          throw new Error(`InvalidParameterValue: Volume of ${String(size)}GiB is not valid`);
        if (kmsKeyId !== undefined && encrypted !== true)
          throw new Error("InvalidParameterDependency: The parameter KmsKeyId requires the parameter Encrypted to be set");
        const volume: StoredVolume = { id: this.#id("vol"), zone: String(availabilityZone), args: inputs };
        this.volumes.set(volume.id, volume);
        return { id: volume.id, outputs: { ...inputs, arn: `arn:aws:ec2:::volume/${volume.id}` } };
      },
      update: (id, inputs, old) => {
        const volume = this.volumes.get(id) as StoredVolume;
        if (Number(inputs.size) < Number(volume.args.size))
          throw new Error("InvalidParameterValue: New size cannot be smaller than existing size");
        volume.args = inputs;
        return { ...old, ...inputs };
      },
      exists: (id) => this.volumes.has(id),
      remove: (id) => {
        const at = this.volumes.get(id)?.at;
        if (at) throw new Error(`VolumeInUse: Volume ${id} is currently attached to ${at.instance}`);
        this.volumes.delete(id);
      },
    };
  }

  #attachment(): StandInType {
    const attached = new Map<string, { readonly volume: StoredVolume; readonly instance: StoredInstance; readonly stops: boolean }>();
    return {
      token: "aws:ec2/volumeAttachment:VolumeAttachment",
      replaces: ["volumeId", "instanceId", "deviceName"],
      computed: [],
      create: (_, inputs) => {
        const { volumeId, instanceId, deviceName } = inputs as Record<string, string>;
        const volume = this.volumes.get(volumeId ?? "");
        const instance = this.instances.get(instanceId ?? "");
        if (!volume) throw new Error(`InvalidVolume.NotFound: The volume '${volumeId}' does not exist.`);
        if (!instance) throw new Error(`InvalidInstanceID.NotFound: The instance ID '${instanceId}' does not exist`);
        if (volume.at) throw new Error(`VolumeInUse: ${volumeId} is already attached to an instance`);
        if (volume.zone !== instance.zone)
          throw new Error(
            `InvalidVolume.ZoneMismatch: The volume '${volumeId}' is not in the same availability zone as instance '${instanceId}'`,
          );
        if (!instance.running) throw new Error(`IncorrectState: Instance '${instanceId}' is not 'running'.`);
        if (!/^\/dev\/(sd[b-z]|xvd[b-c][a-z])$/.test(deviceName ?? ""))
          throw new Error(`InvalidParameterValue: Value (${deviceName}) for parameter device is invalid.`);
        if ([...this.volumes.values()].some(({ at }) => at?.instance === instanceId && at?.device === deviceName))
          throw new Error(
            `InvalidParameterValue: Invalid value '${deviceName}' for unixDevice. Attachment point ${deviceName} is already in use`,
          );
        volume.at = { instance: instance.id, device: deviceName as string };
        this.events.push(`attach ${volume.id} ${instance.id}`);
        const id = `vai-${volume.id.slice(4)}-${instance.id.slice(2)}`;
        attached.set(id, { volume, instance, stops: inputs.stopInstanceBeforeDetaching === true });
        return { id, outputs: inputs };
      },
      exists: (id) => attached.has(id),
      remove: (id) => {
        const found = attached.get(id);
        if (!found) return;
        const { volume, instance, stops } = found;
        if (stops && instance.running) {
          instance.running = false;
          this.events.push(`stop ${instance.id}`);
        }
        // a running guest keeps its filesystem mounted, so the volume stays busy
        if (instance.running) throw new Error(`timeout while waiting for ${volume.id} to become detached: it is busy`);
        delete volume.at;
        attached.delete(id);
        this.events.push(`detach ${volume.id} ${instance.id}`);
      },
    };
  }
}

/** Refuses tag keys that cannot be part of a metadata path, on an instance or launch template that has tags in its metadata. */
export function refuseTags({ metadataOptions, tags, tagSpecifications }: Properties): void {
  if ((metadataOptions as Properties | undefined)?.instanceMetadataTags !== "enabled") return;
  const launched = (tagSpecifications as readonly Properties[] | undefined)?.find(({ resourceType }) => resourceType === "instance");
  const wrong = Object.keys(((launched ? launched.tags : tags) ?? {}) as Properties).find(
    (key) => !/^[A-Za-z0-9+=.,_:@-]+$/.test(key) || /^(\.|\.\.|_index)$/.test(key),
  );
  if (wrong !== undefined) throw new Error(`InvalidParameterValue: '${wrong}' is not a valid tag key. Tag keys must match pattern`);
}
