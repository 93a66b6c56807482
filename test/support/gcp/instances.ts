/**
 * Plays instances.
 *
 * Source: Compute Engine API, instances (insert, delete, setLabels, setMetadata, setTags, attachDisk, detachDisk).
 * Source: Compute Engine, "Allocation quotas": an exceeded quota fails the operation, not the request.
 * Assumed: addresses, and the words of most refusals.
 */
import { type Compute, type Kind, type ResourceScope, pathOf, SET_LABELS } from "./compute.ts";
import { attach, detach } from "./disks.ts";
import { checkMachine, machineType } from "./machine-rules.ts";
import { OperationFailure } from "./operations.ts";
import { GoogleRefusal, invalid } from "./refusal.ts";
import { checkMetadata, checkTags, fingerprintOf } from "./rules.ts";
import type { Json } from "./schemas.ts";

/** The collection of instances. */
export const INSTANCES: Kind = {
  collection: "instances",
  kind: "instance",
  scopes: ["zones"],
  schema: "Instance",
  insert(world, body, at) {
    if (!/\/machineTypes\/[^/]+$/.test(body.machineType ?? ""))
      throw invalid("resource.machineType", body.machineType ?? "", "The URL is malformed.");
    const image = checkMachine(world, at.project, body, "resource");
    const zone = at.scope.split("/").at(-1) as string;
    const full = quotaFailure(world, at.project, zone, body.machineType);
    const disks = body.disks.map((disk: Json, index: number) =>
      disk.source === undefined
        ? madeDisk(world, at, body, disk, index, image)
        : {
            ...disk,
            source: world.url(attach(world, at.project, disk.source, disk.mode, at.path, `resource.disks[${index}].source`)),
            deviceName: disk.deviceName ?? `persistent-disk-${index}`,
          },
    );
    const made = {
      disks,
      status: "PROVISIONING",
      metadata: { ...body.metadata, fingerprint: fingerprintOf(body.metadata?.items) },
      tags: { ...body.tags, fingerprint: fingerprintOf(body.tags?.items) },
      fingerprint: fingerprintOf(at.path),
      networkInterfaces: body.networkInterfaces.map((nic: Json, index: number) => nicOf(world, nic, index)),
    };
    const boot = async () => {
      if (full) {
        for (const { source } of disks) detach(world, pathOf(at.project, source), at.path);
        throw full;
      }
      // the request stores the machine before this continues
      await Promise.resolve();
      world.get(at.path).status = "RUNNING";
    };
    return { made, work: boot() };
  },
  remove(world, path) {
    const instance = world.get(path);
    if (instance.deletionProtection)
      throw new GoogleRefusal(
        400,
        "badRequest",
        `Invalid resource usage: 'Resource cannot be deleted if it's protected against deletion. Resource: ${path}'.`,
      );
    for (const { source, autoDelete } of instance.disks) {
      const disk = pathOf(path, source);
      detach(world, disk, path);
      if (autoDelete) world.resources.delete(disk);
    }
  },
  verbs: {
    setLabels: SET_LABELS,
    setMetadata: {
      schema: "Metadata",
      run(_, instance, body) {
        checkMetadata(body);
        if (body.fingerprint !== instance.metadata.fingerprint)
          throw new GoogleRefusal(412, "conditionNotMet", "Supplied fingerprint does not match current metadata fingerprint.");
        instance.metadata = { ...body, fingerprint: fingerprintOf(body.items) };
      },
    },
    setTags: {
      schema: "Tags",
      run(_, instance, body) {
        checkTags(body);
        if (body.fingerprint !== instance.tags.fingerprint)
          throw new GoogleRefusal(412, "conditionNotMet", "Supplied fingerprint does not match current tags fingerprint.");
        instance.tags = { ...body, fingerprint: fingerprintOf(body.items) };
      },
    },
    attachDisk: {
      schema: "AttachedDisk",
      run(world, instance, body) {
        const path = pathOf("", instance.selfLink);
        const deviceName = body.deviceName ?? `persistent-disk-${instance.disks.length}`;
        if (instance.disks.some((disk: Json) => disk.deviceName === deviceName))
          throw invalid("resource.deviceName", deviceName, "Duplicate device name.");
        const source = world.url(attach(world, path.split("/").slice(0, 2).join("/"), body.source, body.mode, path, "resource.source"));
        instance.disks.push({ ...body, source, deviceName });
      },
    },
    detachDisk: {
      schema: "Nothing",
      run(world, instance, _, query) {
        const found = instance.disks.find(({ deviceName }: Json) => deviceName === query.get("deviceName"));
        if (!found) throw invalid("deviceName", query.get("deviceName"), "No attached disk found with device name.");
        if (found.boot && instance.status === "RUNNING")
          throw new GoogleRefusal(400, "badRequest", "Cannot detach the boot disk of a running instance.");
        const path = pathOf("", instance.selfLink);
        detach(world, pathOf(path, found.source), path);
        instance.disks = instance.disks.filter((disk: Json) => disk !== found);
      },
    },
    stop: { schema: "Nothing", run: (_, instance) => void (instance.status = "TERMINATED") },
    start: { schema: "Nothing", run: (_, instance) => void (instance.status = "RUNNING") },
    reset: { schema: "Nothing", run() {} },
  },
};

/** The quota error that one more machine would cause. */
export function quotaFailure(world: Compute, project: string, zone: string, type: Json): OperationFailure | undefined {
  const region = zone.replace(/-[a-z]$/, "");
  const used = world
    .list(project, "instances")
    .filter(({ zone }) => zone.split("/").at(-1).startsWith(`${region}-`))
    .reduce((sum: number, instance: Json) => sum + machineType(instance.machineType, "machineType").cpus, 0);
  if (used + machineType(type, "machineType").cpus <= world.quota) return undefined;
  return new OperationFailure("QUOTA_EXCEEDED", 403, `Quota 'CPUS' exceeded.  Limit: ${world.quota}.0 in region ${region}.`);
}

function madeDisk(world: Compute, { scope, path }: ResourceScope, body: Json, disk: Json, index: number, image: Json): Json {
  const { diskName = index === 0 ? body.name : `${body.name}-${index}`, diskSizeGb, diskType, labels } = disk.initializeParams;
  const at = `${scope}/disks/${diskName}`;
  if (world.resources.has(at)) throw new GoogleRefusal(409, "alreadyExists", `The resource '${at}' already exists`);
  world.resources.set(at, {
    kind: "compute#disk",
    name: diskName,
    status: "READY",
    sizeGb: String(diskSizeGb ?? image?.diskSizeGb ?? 500),
    type: diskType ?? "pd-standard",
    labels,
    users: [path],
    selfLink: world.url(at),
    ...(index === 0 && image && { sourceImage: image.selfLink }),
  });
  const { initializeParams: _, ...rest } = disk;
  return {
    autoDelete: false,
    mode: "READ_WRITE",
    type: "PERSISTENT",
    ...rest,
    source: world.url(at),
    deviceName: disk.deviceName ?? `persistent-disk-${index}`,
  };
}

function nicOf(world: Compute, nic: Json, index: number): Json {
  const host = (world.list("projects", "instances").length % 250) + 2;
  return {
    name: `nic${index}`,
    networkIP: `10.156.0.${host}`,
    ...nic,
    ...(nic.accessConfigs && {
      accessConfigs: nic.accessConfigs.map((config: Json) => ({
        name: "External NAT",
        type: "ONE_TO_ONE_NAT",
        natIP: `203.0.113.${host}`,
        ...config,
      })),
    }),
  };
}
