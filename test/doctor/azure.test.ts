import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { azureDoctor } from "../../sdk/doctor/azure/index.ts";
import { actionsOf, allows, OF_PLUGIN } from "../../sdk/doctor/azure/permissions.ts";
import type { Asked } from "../../sdk/doctor/cloud.ts";
import { examineCloud } from "../../sdk/doctor/clouds.ts";
import type { Registered } from "../../sdk/doctor/program-run.ts";
import { AzureAccount } from "../support/azure/account.ts";
import { AzureServer } from "../support/azure/azure-server.ts";
import { makeCertificate, trust } from "../support/azure/certificate.ts";
import { findsEach, type Planted } from "./planted-problems.ts";

const certificate = await makeCertificate();
trust(certificate);
after(() => certificate[Symbol.asyncDispose]());

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SUBSCRIPTION = "99999999-8888-7777-6666-555555555555";
const SUBNET = `/subscriptions/${SUBSCRIPTION}/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/web`;
const made = (type: string, name: string, inputs: object): Registered => ({
  ...{ type, name, id: `${name}-id`, outputs: {} },
  inputs: inputs as Registered["inputs"],
});

/** A fleet of ten behind a load balancer, as its components register it. */
const fleet = (size = "Standard_B2s"): Registered[] => [
  made("linuxkit:index:ImageBuild", "web-build", {}),
  made("linuxkit:index:AzureUpload", "web-upload", { resourceGroupName: "rg" }),
  made("azure-native:network:LoadBalancer", "web-balancer", { probes: [{ name: "health", port: 8090 }] }),
  made("azure-native:compute:VirtualMachineScaleSet", "web-set", {
    sku: { name: size, capacity: 10 },
    virtualMachineProfile: {
      networkProfile: {
        healthProbe: { id: "web-balancer-id/probes/health" },
        networkInterfaceConfigurations: [{ ipConfigurations: [{ subnet: { id: SUBNET } }] }],
      },
      securityProfile: { securityType: "TrustedLaunch" },
    },
  }),
];

class World extends AzureAccount {
  resources = fleet();
  secret: string | undefined;
}

const requests: { action: string; status: number }[] = [];

async function look(world: World) {
  await using server = await AzureServer.start({ account: world, certificate });
  const kept = { ...process.env };
  Object.assign(process.env, server.environment, world.secret !== undefined && { ARM_CLIENT_SECRET: world.secret });
  try {
    const place = { subscription: SUBSCRIPTION };
    const asked: Asked = { place, config: {}, env: {}, resources: world.resources, machines: undefined };
    const { findings } = await examineCloud(azureDoctor, asked, [], AbortSignal.timeout(60_000));
    requests.splice(0, requests.length, ...server.requests);
    return findings;
  } finally {
    for (const name of Object.keys(server.environment)) delete process.env[name];
    Object.assign(process.env, kept);
  }
}

const sized = (size: string) => (world: World) => {
  world.resources = fleet(size);
};

const ROWS: readonly Planted<World>[] = [
  {
    what: "wrong credentials",
    plant: (world) => {
      world.secret = "wrong";
    },
    ...{ level: "refused", said: /^credentials 9+-.*: azure login/, remedy: /az login/ },
  },
  {
    what: "a subscription that is not reached",
    plant: (world) => {
      world.isReached = false;
    },
    ...{ level: "refused", said: /^credentials .*do not reach this subscription/, remedy: /ask its owner/ },
  },
  {
    what: "a disabled subscription",
    plant: (world) => {
      world.state = "Disabled";
    },
    ...{ level: "refused", said: /^credentials .*the subscription is Disabled/, remedy: /reactivate/ },
  },
  {
    what: "a namespace that is not registered",
    plant: ({ unregistered }) => unregistered.add("Microsoft.Compute"),
    ...{ level: "refused", said: /^resource group Microsoft\.Compute: /, remedy: /az provider register --namespace Microsoft\.Compute/ },
  },
  {
    what: "no such resource group",
    plant: (world) => {
      world.hasGroup = false;
    },
    ...{ level: "refused", said: /^resource group rg: not found/, remedy: /az group create/ },
  },
  {
    what: "a lock against deletion",
    plant: ({ locks }) => locks.push({ name: "keep", level: "CanNotDelete" }),
    ...{ level: "warning", said: /^resource group keep: a lock \(CanNotDelete\)/, remedy: /az lock delete --name keep/ },
  },
  {
    what: "a lock against every change",
    plant: ({ locks }) => locks.push({ name: "frozen", level: "ReadOnly" }),
    ...{ level: "refused", said: /^resource group frozen: .*forbids every change/, remedy: /az lock delete --name frozen/ },
  },
  {
    what: "a role that only reads",
    plant: (world) => {
      world.grants = [{ actions: ["*/read"], notActions: [] }];
    },
    ...{ level: "refused", said: /^rights Microsoft\./, remedy: /--policy/ },
  },
  {
    what: "an action that a role takes away",
    plant: (world) => {
      world.grants = [{ actions: ["*"], notActions: ["Microsoft.Compute/galleries/*/delete"] }];
    },
    ...{ level: "refused", said: /^rights Microsoft\.Compute\/galleries\/.*delete: /, remedy: /az role definition create/ },
  },
  {
    what: "too few cores in the region",
    plant: ({ usages }) => usages.set("cores", [20, 4]),
    ...{ level: "refused", said: /^quota cores: 20 in westeurope, 4 in use, the program wants 20/, remedy: /ask for 24/ },
  },
  {
    what: "too few cores of the family",
    plant: ({ usages }) => usages.set("standardBSFamily", [10, 4]),
    ...{ level: "refused", said: /^quota standardBSFamily: 10 /, remedy: /ask for 24/ },
  },
  {
    what: "a size that is not for this subscription",
    plant: ({ restricted }) => restricted.add("Standard_B2s"),
    ...{ level: "refused", said: /^instance type fleet web: .*NotAvailableForSubscription/, remedy: /another size or location/ },
  },
  {
    what: "a size that the location has not",
    plant: sized("Standard_Z9"),
    ...{ level: "refused", said: /^instance type fleet web: westeurope has no Standard_Z9/, remedy: /list-skus/ },
  },
  {
    what: "a size of another architecture",
    plant: sized("Standard_D2ps_v5"),
    ...{ level: "refused", said: /^instance type fleet web: .* is of Arm64, the image of amd64/, remedy: /change instanceType/ },
  },
  {
    what: "a size of generation 1",
    plant: sized("Standard_D2_v3"),
    ...{ level: "refused", said: /^instance type fleet web: .*generation 1 only/, remedy: /generation 2/ },
  },
  {
    what: "a size without trusted launch",
    plant: sized("Standard_M8ms"),
    ...{ level: "refused", said: /^instance type fleet web: .*no trusted launch/, remedy: /trustedLaunch: false/ },
  },
  {
    what: "no such subnet",
    plant: (world) => {
      world.subnet = undefined;
    },
    ...{ level: "refused", said: /^subnet web: not found/, remedy: /az network vnet subnet show/ },
  },
  {
    what: "a subnet without addresses",
    plant: (world) => {
      world.subnet = { addressPrefix: "10.0.0.0/28", ipConfigurations: [{}, {}] };
    },
    ...{ level: "refused", said: /^subnet web: 10\.0\.0\.0\/28 has 9 free addresses, fleet web wants 10/, remedy: /larger subnet/ },
  },
  {
    what: "a private subnet without a way out",
    plant: (world) => {
      world.subnet = { addressPrefix: "10.0.0.0/24", defaultOutboundAccess: false };
    },
    ...{ level: "warning", said: /^subnet web: machines reach nothing outside/, remedy: /NAT gateway/ },
  },
  {
    what: "a rule that keeps probes out",
    plant: ({ rules }) => rules.push({ name: "deny-all", direction: "Inbound", priority: 4096, access: "Deny" }),
    ...{ level: "refused", said: /^firewall fleet web: the rule deny-all of web keeps .* port 8090/, remedy: /priority below 4096/ },
  },
  {
    what: "a rule against metadata",
    plant: ({ rules }) => rules.push({ name: "no-imds", direction: "Outbound", priority: 100, access: "Deny", to: "AzurePlatformIMDS" }),
    ...{
      level: "refused",
      said: /^firewall fleet web: the rule no-imds of web denies AzurePlatformIMDS/,
      remedy: /delete the rule no-imds/,
    },
  },
];

describe("doctor on Azure finds each problem and says how to mend it", () => {
  findsEach(() => new World(), look, ROWS);

  test("it creates and changes nothing: every request reads, or logs in", async () => {
    await look(new World());
    assert.deepEqual(
      requests.filter(({ action }) => !action.startsWith("GET ") && action !== "token" && action !== "unknown"),
      [],
    );
    assert.ok(requests.length > 8);
  });
});

test("an action is allowed by a role's patterns, and not by what it takes away", () => {
  const rows: readonly (readonly [actions: string[], notActions: string[], action: string, isAllowed: boolean])[] = [
    [["*"], [], "Microsoft.Compute/disks/write", true],
    [["Microsoft.Compute/*"], [], "microsoft.compute/disks/WRITE", true],
    [["Microsoft.Compute/*/read"], [], "Microsoft.Compute/disks/write", false],
    [["Microsoft.Compute/disks/read"], [], "Microsoft.Compute/disks/readers", false],
    [["*"], ["Microsoft.Compute/disks/*"], "Microsoft.Compute/disks/write", false],
    [["Microsoft.Compute/disks.read"], [], "Microsoft.Compute/disks/read", false],
  ];
  for (const [actions, notActions, action, isAllowed] of rows) assert.equal(allows([{ actions, notActions }], action), isAllowed, action);
  const both = [{ actions: ["*"], notActions: ["A/*"] }, { actions: ["A/b"] }];
  assert.equal(allows(both, "A/b"), true);
});

test("the role has an action for every operation that the plugin's sources name, and no more", () => {
  const source = (file: string) => readFileSync(join(ROOT, "providers/azure/plugin", file), "utf8");
  /** An operation's mark in a source, and its action. */
  const operations: readonly (readonly [file: string, mark: RegExp, action: string])[] = [
    ["access/subscription.ts", /what: `subscription /, "Microsoft.Resources/subscriptions/read"],
    ["access/subscription.ts", /what: `resource group /, "Microsoft.Resources/subscriptions/resourceGroups/read"],
    ["gallery-version.ts", /\/versions`/, "Microsoft.Compute/galleries/images/versions/read"],
    ["pages/blob-container.ts", /path: accountId/, "Microsoft.Storage/storageAccounts/read"],
    ["pages/disk-service.ts", /"GET"/, "Microsoft.Compute/disks/read"],
    ["pages/disk-service.ts", /"PUT"/, "Microsoft.Compute/disks/write"],
    ["pages/disk-service.ts", /"DELETE"/, "Microsoft.Compute/disks/delete"],
    ["pages/disk-service.ts", /beginGetAccess/, "Microsoft.Compute/disks/beginGetAccess/action"],
    ["pages/disk-service.ts", /endGetAccess/, "Microsoft.Compute/disks/endGetAccess/action"],
    ["scale-set.ts", /"GET"/, "Microsoft.Compute/virtualMachineScaleSets/read"],
    ["scale-set.ts", /"PATCH"/, "Microsoft.Compute/virtualMachineScaleSets/write"],
    ["scale-set.ts", /\/virtualMachines\?/, "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read"],
    ["scale-set.ts", /\$expand=instanceView/, "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/instanceView/read"],
    ["scale-set.ts", /rollingUpgrades\/latest/, "Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades/read"],
    ["scale-set.ts", /rollingUpgrades\/cancel/, "Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades/action"],
  ];
  for (const [file, mark, action] of operations) {
    assert.match(source(file), mark, action);
    assert.ok(actionsOf(["image", "storage", "fleet"]).includes(action), action);
  }
  assert.deepEqual(operations.map(([, , action]) => action).sort(), [...new Set(Object.values(OF_PLUGIN).flat())].sort());
});
