/**
 * Plays `compute.Disk` and `compute.AttachedDisk` of `pulumi-resource-gcp`.
 *
 * Source: Terraform's google provider, google_compute_disk and google_compute_attached_disk.
 * Source: hashicorp/terraform-provider-google, google/services/compute: resource_compute_disk.go (`ForceNew`, and IsDiskShrinkage
 * of `size`), resource_compute_attached_disk.go: which changes replace a resource.
 */
import type { StandInType } from "../stand-in.ts";
import { attachedDisk } from "./pulumi-machine.ts";
import { pick, type PulumiWorld } from "./pulumi-world.ts";
import type { Json } from "./schemas.ts";

/** `compute.Disk` */
export function diskType(gcp: PulumiWorld): StandInType {
  return {
    token: "gcp:compute/disk:Disk",
    replaces: "all",
    inPlace: ["labels", "size", "accessMode", "provisionedIops", "provisionedThroughput"],
    // a disk cannot shrink: the provider replaces it with an empty one
    replacesWhere: (input, now, before) => input === "size" && Number(now.size) < Number(before.size),
    computed: ["selfLink", "diskId", "users", "labelFingerprint", "creationTimestamp"],
    recomputed: ["labelFingerprint"],
    async create(given, inputs) {
      const name = gcp.nameOf(given, inputs);
      const zone = String(inputs.zone ?? gcp.zone);
      const scope = `${gcp.project(inputs)}/zones/${zone}`;
      const { path, resource } = await gcp.insert(scope, "disks", {
        name,
        sizeGb: inputs.size,
        sourceImage: inputs.image,
        sourceSnapshot: inputs.snapshot,
        diskEncryptionKey: keyBody(inputs.diskEncryptionKey),
        type: inputs.type && `${scope}/diskTypes/${String(inputs.type)}`,
        ...pick(inputs, ["labels", "description", "architecture", "guestOsFeatures"]),
      });
      return {
        id: path,
        outputs: {
          ...inputs,
          name,
          zone,
          size: Number(resource.sizeGb),
          selfLink: resource.selfLink,
          diskId: resource.id,
          users: [],
          labelFingerprint: resource.labelFingerprint,
          creationTimestamp: resource.creationTimestamp,
        },
      };
    },
    async update(id, inputs, old) {
      const disk = gcp.server.compute.get(id);
      if (JSON.stringify(inputs.labels) !== JSON.stringify(old.labels))
        await gcp.change(id, "setLabels", { labels: inputs.labels ?? {}, labelFingerprint: disk.labelFingerprint });
      if (inputs.size !== undefined && inputs.size !== Number(disk.sizeGb)) await gcp.change(id, "resize", { sizeGb: inputs.size });
      return { ...old, ...inputs, labelFingerprint: disk.labelFingerprint };
    },
    exists: (id) => gcp.exists(id),
    remove: (id) => gcp.remove(id),
  };
}

function keyBody(key: Json): Json {
  return key && { kmsKeyName: key.kmsKeySelfLink, kmsKeyServiceAccount: key.kmsKeyServiceAccount };
}

/** `compute.AttachedDisk`. Its ID is the path of the machine and the device name. */
export function attachmentType(gcp: PulumiWorld): StandInType {
  const attached = (id: string): Json => {
    const [, machine = "", device] = /^(.+)\/([^/]+)$/.exec(id) ?? [];
    return gcp.exists(machine) && gcp.server.compute.get(machine).disks.find(({ deviceName }: Json) => deviceName === device);
  };
  return {
    token: "gcp:compute/attachedDisk:AttachedDisk",
    replaces: "all",
    computed: ["deviceName"],
    async create(_, inputs) {
      const short = String(inputs.instance).split("/").at(-1);
      const zone = String(inputs.zone ?? /zones\/([^/]+)\//.exec(String(inputs.instance))?.[1] ?? gcp.zone);
      const scope = `${gcp.project(inputs)}/zones/${zone}`;
      const machine = `${scope}/instances/${short}`;
      const disk = String(inputs.disk);
      await gcp.change(machine, "attachDisk", attachedDisk({ ...inputs, source: disk.includes("/") ? disk : `${scope}/disks/${disk}` }));
      const { deviceName } = gcp.server.compute.get(machine).disks.at(-1);
      return { id: `${machine}/${deviceName}`, outputs: { ...inputs, deviceName, zone } };
    },
    exists: (id) => Boolean(attached(id)),
    async remove(id) {
      if (attached(id))
        await gcp.change(id.slice(0, id.lastIndexOf("/")), "detachDisk", {}, { deviceName: id.slice(id.lastIndexOf("/") + 1) });
    },
  };
}
