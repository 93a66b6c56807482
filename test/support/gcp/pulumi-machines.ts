/**
 * Plays `compute.Instance`, `compute.InstanceTemplate` and `compute.RegionInstanceTemplate` of `pulumi-resource-gcp`.
 *
 * Source: Terraform's google provider, google_compute_instance and google_compute_instance_template.
 * Source: hashicorp/terraform-provider-google, google/services/compute: resource_compute_instance.go,
 * resource_compute_instance_template.go (`ForceNew`; what `allow_stopping_for_update` covers): which changes replace an instance.
 */
import type { Properties } from "../../../sdk/plugin/value.ts";
import type { StandInType } from "../stand-in.ts";
import { attachedDisk, instanceDisks, machineBody, metadataBody, templateDisks } from "./pulumi-machine.ts";
import type { PulumiWorld } from "./pulumi-world.ts";
import type { Json } from "./schemas.ts";

/** Inputs whose change needs a stopped machine, and so `allowStoppingForUpdate`. */
const STOPPED = ["machineType", "minCpuPlatform", "serviceAccount", "shieldedInstanceConfig", "networkInterfaces"];

/** The three types. */
export function machineTypes(gcp: PulumiWorld): StandInType[] {
  const { compute } = gcp.server;
  const placeOf = (inputs: Properties) => ({ project: gcp.project(inputs), region: gcp.region, zone: String(inputs.zone ?? gcp.zone) });
  const instance: StandInType = {
    token: "gcp:compute/instance:Instance",
    replaces: "all",
    inPlace: [
      ...STOPPED,
      "labels",
      "metadata",
      "tags",
      "attachedDisks",
      "allowStoppingForUpdate",
      "desiredStatus",
      "deletionProtection",
      "scheduling",
    ],
    computed: [
      "selfLink",
      "instanceId",
      "cpuPlatform",
      "currentStatus",
      "creationTimestamp",
      "metadataFingerprint",
      "tagsFingerprint",
      "labelFingerprint",
    ],
    recomputed: ["metadataFingerprint", "tagsFingerprint", "labelFingerprint"],
    async create(given, inputs) {
      const place = placeOf(inputs);
      const name = gcp.nameOf(given, inputs);
      const body = {
        name,
        machineType: `${place.project}/zones/${place.zone}/machineTypes/${String(inputs.machineType).split("/").at(-1)}`,
        description: inputs.description,
        hostname: inputs.hostname,
        deletionProtection: inputs.deletionProtection,
        disks: instanceDisks({ ...inputs, name }, place),
        ...machineBody(inputs, place),
      };
      const { path } = await gcp.insert(`${place.project}/zones/${place.zone}`, "instances", body);
      return { id: path, outputs: outputsOf(compute.get(path), { ...inputs, name, zone: place.zone }) };
    },
    async update(id, inputs, old, _, before) {
      const changed = (name: string) => JSON.stringify(inputs[name]) !== JSON.stringify(before[name]);
      const machine = compute.get(id);
      if (changed("labels")) await gcp.change(id, "setLabels", { labels: inputs.labels ?? {}, labelFingerprint: machine.labelFingerprint });
      if (changed("metadata"))
        await gcp.change(id, "setMetadata", {
          ...metadataBody((inputs.metadata ?? {}) as Record<string, string>),
          fingerprint: machine.metadata.fingerprint,
        });
      if (changed("tags")) await gcp.change(id, "setTags", { items: inputs.tags ?? [], fingerprint: machine.tags.fingerprint });
      if (changed("attachedDisks")) await reattach(gcp, id, (old.attachedDisks ?? []) as Json[], (inputs.attachedDisks ?? []) as Json[]);
      const held = STOPPED.filter(changed);
      if (held.length > 0 && inputs.allowStoppingForUpdate !== true)
        throw new Error(
          `Changing the ${held.join(", ")} on a started instance requires stopping it. To acknowledge this, please set allow_stopping_for_update = true in your config.`,
        );
      const place = placeOf(inputs);
      if (held.length > 0)
        Object.assign(
          machine,
          { machineType: `${place.project}/zones/${place.zone}/machineTypes/${String(inputs.machineType)}` },
          JSON.parse(JSON.stringify({ ...machineBody(inputs, place), metadata: undefined, tags: undefined, labels: undefined })),
        );
      machine.deletionProtection = inputs.deletionProtection;
      return outputsOf(compute.get(id), { ...inputs, name: old.name, zone: old.zone });
    },
    exists: (id) => gcp.exists(id),
    remove: (id) => gcp.remove(id),
  };
  const template = (token: string, scopeOf: (inputs: Properties) => string, unique: boolean): StandInType => ({
    token,
    replaces: "all",
    computed: [
      "selfLink",
      "metadataFingerprint",
      "tagsFingerprint",
      "numericId",
      "creationTimestamp",
      ...(unique ? ["selfLinkUnique"] : []),
    ],
    async create(given, inputs) {
      if (inputs.name !== undefined && inputs.namePrefix !== undefined) throw new Error('"name": conflicts with name_prefix');
      const project = gcp.project(inputs);
      const region = String(inputs.region ?? gcp.region);
      const name = gcp.nameOf(given, inputs);
      const properties = {
        machineType: inputs.machineType,
        description: inputs.instanceDescription,
        disks: templateDisks(inputs.disks as unknown as Json[], project),
        ...machineBody(inputs, { project, region }),
      };
      const { path, resource } = await gcp.insert(`${project}/${scopeOf(inputs)}`, "instanceTemplates", {
        name,
        description: inputs.description,
        properties,
      });
      return {
        id: path,
        outputs: {
          ...inputs,
          name,
          selfLink: resource.selfLink,
          numericId: resource.id,
          creationTimestamp: resource.creationTimestamp,
          metadataFingerprint: "",
          tagsFingerprint: "",
          ...(unique && { selfLinkUnique: `${resource.selfLink}?uniqueId=${resource.id}` }),
        },
      };
    },
    exists: (id) => gcp.exists(id),
    remove: (id) => gcp.remove(id),
  });
  return [
    instance,
    template("gcp:compute/instanceTemplate:InstanceTemplate", () => "global", true),
    template(
      "gcp:compute/regionInstanceTemplate:RegionInstanceTemplate",
      (inputs) => `regions/${String(inputs.region ?? gcp.region)}`,
      false,
    ),
  ];
}

function outputsOf(machine: Json, inputs: Properties): Properties {
  const networkInterfaces = machine.networkInterfaces.map(({ networkIP, name, accessConfigs }: Json, index: number) => {
    const given = (inputs.networkInterfaces as unknown as Json[])[index];
    return {
      ...given,
      name,
      networkIp: networkIP,
      ...(accessConfigs && {
        accessConfigs: accessConfigs.map(({ natIP }: Json, at: number) => ({ ...given.accessConfigs?.[at], natIp: natIP })),
      }),
    };
  });
  return {
    ...inputs,
    networkInterfaces,
    selfLink: machine.selfLink,
    instanceId: machine.id,
    cpuPlatform: "Intel Broadwell",
    currentStatus: machine.status,
    creationTimestamp: machine.creationTimestamp,
    metadataFingerprint: machine.metadata.fingerprint,
    tagsFingerprint: machine.tags.fingerprint,
    labelFingerprint: machine.labelFingerprint,
  };
}

async function reattach(gcp: PulumiWorld, id: string, before: readonly Json[], after: readonly Json[]): Promise<void> {
  const named = (disks: readonly Json[]) => new Map(disks.map((disk, index) => [disk.deviceName ?? `persistent-disk-${index + 1}`, disk]));
  const same = (a: Json, b: Json) => JSON.stringify(a) === JSON.stringify(b);
  const [old, now] = [named(before), named(after)];
  for (const [deviceName, disk] of old) if (!same(disk, now.get(deviceName))) await gcp.change(id, "detachDisk", {}, { deviceName });
  for (const [deviceName, disk] of now)
    if (!same(disk, old.get(deviceName))) await gcp.change(id, "attachDisk", attachedDisk({ ...disk, deviceName }));
}
