import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Asked } from "../../sdk/doctor/cloud.ts";
import { examineCloud } from "../../sdk/doctor/clouds.ts";
import { gcpDoctor } from "../../sdk/doctor/gcp/index.ts";
import { OF_PLUGIN, permissionsOf } from "../../sdk/doctor/gcp/permissions.ts";
import { cpuMetric } from "../../sdk/doctor/gcp/quotas.ts";
import type { Registered } from "../../sdk/doctor/program-run.ts";
import { GoogleProject } from "../support/gcp/project.ts";
import { findsEach, type Planted } from "./planted-problems.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const made = (type: string, name: string, inputs: object): Registered => ({
  ...{ type, name, id: `${name}-id`, outputs: {} },
  inputs: inputs as Registered["inputs"],
});

/** A fleet of ten in a bucket of the program's owner, as its components register it. */
const fleet = (more: { machineType?: string; publicIp?: boolean } = {}): Registered[] => [
  made("linuxkit:index:ImageBuild", "web-build", {}),
  made("linuxkit:index:GcpUpload", "web-upload", { bucket: "images" }),
  made("gcp:compute/healthCheck:HealthCheck", "web-health", { httpHealthCheck: { port: 8080 } }),
  made("gcp:compute/instanceTemplate:InstanceTemplate", "web-template", {
    machineType: more.machineType ?? "e2-micro",
    tags: ["web"],
    networkInterfaces: [{ network: "default", ...(more.publicIp && { accessConfigs: [{}] }) }],
    serviceAccount: { email: "web@web-prod-1.iam.gserviceaccount.com" },
  }),
  made("gcp:compute/regionInstanceGroupManager:RegionInstanceGroupManager", "web-group", {
    targetSize: 10,
    versions: [{ instanceTemplate: "web-template-id" }],
    updatePolicy: { maxSurgeFixed: 3 },
    autoHealingPolicies: { healthCheck: "web-health-id" },
  }),
  made("linuxkit:index:RolloutGate", "web-gate", { kind: "gcp", group: "web-group", fleet: "web" }),
];

class World extends GoogleProject {
  resources = fleet();
  given = this.token;
  project = this.name;
}

async function look(world: World) {
  await using server = world;
  const url = await server.start();
  const kept = process.env.STORAGE_EMULATOR_HOST;
  const env = {
    ...{ GOOGLE_COMPUTE_CUSTOM_ENDPOINT: `${url}/compute/v1/`, GOOGLE_RESOURCE_MANAGER_CUSTOM_ENDPOINT: `${url}/v1/` },
    ...{ GOOGLE_IAM_CUSTOM_ENDPOINT: `${url}/v1/`, STORAGE_EMULATOR_HOST: url },
  };
  const asked: Asked = {
    place: { project: world.project, region: "europe-west3" },
    config: { "gcp:accessToken": world.given },
    ...{ env, resources: world.resources, machines: undefined },
  };
  assert.equal(process.env.STORAGE_EMULATOR_HOST, kept);
  const { findings } = await examineCloud(gcpDoctor, asked, [], AbortSignal.timeout(60_000));
  return findings;
}

const ROWS: readonly Planted<World>[] = [
  {
    what: "wrong credentials",
    plant: (world) => {
      world.given = "expired";
    },
    ...{ level: "refused", said: /^credentials web-prod-1: .*invalid authentication/, remedy: /application-default login/ },
  },
  {
    what: "no such project",
    plant: (world) => {
      world.project = "nobodys";
    },
    ...{ level: "refused", said: /^credentials nobodys: the project does not exist/, remedy: /check --project/ },
  },
  {
    what: "Compute Engine is not enabled",
    plant: (world) => {
      world.isComputeEnabled = false;
    },
    ...{ level: "refused", said: /^credentials web-prod-1: .*has not been used/, remedy: /gcloud services enable compute/ },
  },
  {
    what: "a missing permission",
    plant: ({ lacking }) => lacking.add("compute.images.create"),
    ...{ level: "refused", said: /^rights compute\.images\.create: the credentials lack it/, remedy: /--policy/ },
  },
  {
    what: "a service account that is not the caller's to use",
    plant: ({ lacking }) => lacking.add("iam.serviceAccounts.actAs"),
    ...{ level: "refused", said: /^rights web@web-prod-1/, remedy: /serviceAccountUser/ },
  },
  {
    what: "no such service account",
    plant: (world) => {
      world.hasAccount = false;
    },
    ...{ level: "refused", said: /^rights web@web-prod-1.*: the service account does not exist/, remedy: /create it/ },
  },
  {
    what: "no such bucket",
    plant: (world) => {
      world.bucket = undefined;
    },
    ...{ level: "refused", said: /^bucket images: the bucket does not exist/, remedy: /leave `bucket` out/ },
  },
  {
    what: "a bucket that may not be written",
    plant: ({ lacking }) => lacking.add("storage.objects.create"),
    ...{ level: "refused", said: /^bucket images: the credentials lack storage\.objects\.create/, remedy: /objectAdmin/ },
  },
  {
    what: "a bucket that keeps objects",
    plant: (world) => {
      world.bucket = { retention: "86400" };
    },
    ...{ level: "warning", said: /^bucket images: it keeps objects for 86400 s/, remedy: /without a retention policy/ },
  },
  {
    what: "keys of one's own that the organization demands",
    plant: (world) => {
      world.needKeys = ["is:compute.googleapis.com"];
    },
    ...{ level: "refused", said: /^encryption compute\.googleapis\.com: /, remedy: /imageEncryptionKey/ },
  },
  {
    what: "too few vCPUs in the region",
    plant: ({ quotas }) => quotas.set("CPUS", { limit: 24, usage: 4 }),
    // ten machines of two vCPUs and three more in a rollout
    ...{ level: "refused", said: /^quota CPUS: 24 in europe-west3, 4 in use, the program wants 26/, remedy: /ask for 30/ },
  },
  {
    what: "too few vCPUs in the project",
    plant: ({ ofProject }) => ofProject.set("CPUS_ALL_REGIONS", { limit: 12, usage: 0 }),
    ...{ level: "refused", said: /^quota CPUS_ALL_REGIONS: 12 /, remedy: /ask for 26/ },
  },
  {
    what: "too few addresses",
    plant: (world) => {
      world.resources = fleet({ publicIp: true });
      world.quotas.set("IN_USE_ADDRESSES", { limit: 8, usage: 0 });
    },
    ...{ level: "refused", said: /^quota IN_USE_ADDRESSES: 8 /, remedy: /ask for 13/ },
  },
  {
    what: "a type of another architecture",
    plant: (world) => {
      world.resources = fleet({ machineType: "t2a-standard-1" });
    },
    ...{
      level: "refused",
      said: /^instance type fleet web: t2a-standard-1 is of ARM64, the image of amd64/,
      remedy: /change instanceType/,
    },
  },
  {
    what: "a type that no zone has",
    plant: (world) => {
      world.resources = fleet({ machineType: "n9-huge" });
    },
    ...{ level: "refused", said: /^instance type fleet web: .*europe-west3-c has no n9-huge/, remedy: /another type/ },
  },
  {
    what: "a zone without the type",
    plant: ({ zonesLack }) => zonesLack.add("europe-west3-c e2-micro"),
    ...{
      level: "warning",
      said: /^instance type fleet web: europe-west3-c has no e2-micro/,
      remedy: /set zones to europe-west3-a, europe-west3-b/,
    },
  },
  {
    what: "no default network",
    plant: (world) => {
      world.subnet = undefined;
    },
    ...{ level: "refused", said: /^subnet default: no such subnetwork/, remedy: /subnetId/ },
  },
  {
    what: "a subnetwork without addresses",
    plant: (world) => {
      world.subnet = { range: "10.0.0.0/29", privateAccess: true };
    },
    ...{ level: "refused", said: /^subnet default: 10\.0\.0\.0\/29 has 4 addresses, fleet web wants 13/, remedy: /expand the range/ },
  },
  {
    what: "no way out",
    plant: (world) => {
      world.hasNat = false;
      world.subnet = { range: "10.156.0.0/20", privateAccess: false };
    },
    ...{ level: "warning", said: /^subnet default: machines reach nothing/, remedy: /Private Google Access/ },
  },
  {
    what: "no rule for health checks",
    plant: (world) => {
      world.rules = [{ ports: ["8080"], from: ["10.0.0.0/8"] }];
    },
    ...{ level: "refused", said: /^firewall fleet web: no firewall rule lets health checks/, remedy: /firewall-rules create/ },
  },
  {
    what: "a rule for one of the two ranges",
    plant: (world) => {
      world.rules = [{ ports: ["8000-8100"], from: ["35.191.0.0/16"] }];
    },
    ...{ level: "refused", said: /^firewall fleet web: .* from 130\.211\.0\.0\/22 in/, remedy: /--source-ranges/ },
  },
  {
    what: "a rule for machines with another tag",
    plant: (world) => {
      world.rules = [{ ports: ["8080"], from: ["0.0.0.0/0"], tags: ["db"] }];
    },
    ...{ level: "refused", said: /^firewall fleet web: /, remedy: /firewall-rules create/ },
  },
  {
    what: "a denial that comes first",
    plant: ({ rules }) => rules.push({ ports: ["1-65535"], from: ["0.0.0.0/0"], priority: 900, isDenied: true }),
    ...{ level: "refused", said: /^firewall fleet web: /, remedy: /firewall-rules create/ },
  },
];

describe("doctor on Google Cloud finds each problem and says how to mend it", () => {
  findsEach(() => new World(), look, ROWS);

  test("it creates and changes nothing: a POST only tests permissions and reads a policy", async () => {
    const world = new World();
    await look(world);
    const others = world.requests.filter(
      (what) => !what.startsWith("GET ") && !/:(?:testIamPermissions|getEffectiveOrgPolicy)$/.test(what),
    );
    assert.deepEqual(others, []);
    assert.ok(world.requests.length > 10);
  });
});

test("the quota that counts a type's vCPUs", () => {
  const metrics = ["e2-micro", "n1-standard-1", "n2-standard-2", "t2a-standard-1", "c4a-standard-1"].map(cpuMetric);
  assert.deepEqual(metrics, ["CPUS", "CPUS", "N2_CPUS", "T2A_CPUS", undefined]);
});

test("the role has a permission for every operation that the plugin's sources name", () => {
  const source = (file: string) => readFileSync(join(ROOT, "providers/gcp/plugin", file), "utf8");
  /** An operation's mark in a source, and the permission of its method. */
  const operations: readonly (readonly [file: string, mark: RegExp, permission: string])[] = [
    ["image.ts", /global\/images`/, "compute.images.create"],
    ["image.ts", /client\.get<Described>/, "compute.images.get"],
    ["image.ts", /\/setLabels`/, "compute.images.setLabels"],
    ["image.ts", /change\("DELETE"/, "compute.images.delete"],
    ["rollout-driver.ts", /\.change\("PATCH"/, "compute.instanceGroupManagers.update"],
    ["rollout-driver.ts", /listManagedInstances`/, "compute.instanceGroupManagers.get"],
    ["compute-client.ts", /operation = await get/, "compute.globalOperations.get"],
    ["compute-client.ts", /operation = await get/, "compute.regionOperations.get"],
    ["storage/resumable.ts", /uploadType=resumable/, "storage.objects.create"],
    ["storage/object.ts", /fields=projectNumber/, "storage.buckets.get"],
    ["storage/object.ts", /"o", name\), takes/, "storage.objects.get"],
    ["storage/object.ts", /method: "DELETE"/, "storage.objects.delete"],
  ];
  const role = permissionsOf(["image", "fleet"]);
  for (const [file, mark, permission] of operations) {
    assert.match(source(file), mark);
    assert.ok(role.includes(permission), permission);
  }
  // a change of the group names its new template
  const named = new Set([...operations.map(([, , permission]) => permission), "compute.instanceTemplates.useReadOnly"]);
  assert.deepEqual([...named].sort(), [...new Set(Object.values(OF_PLUGIN).flat())].sort());
});
