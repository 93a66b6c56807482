import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import type { Properties } from "../../sdk/plugin/value.ts";
import type { Asked } from "../support/azure/arm-client.ts";
import { AzureFixture } from "../support/azure/azure-fixture.ts";

const SETS = "Microsoft.Compute/virtualMachineScaleSets";
const POLICY = {
  maxBatchInstancePercent: 50,
  maxUnhealthyInstancePercent: 50,
  maxUnhealthyUpgradedInstancePercent: 0,
  pauseTimeBetweenBatches: "PT0S",
  rollbackFailedInstancesOnPolicyBreach: true,
};

interface Listed {
  readonly instanceId: string;
  readonly properties: {
    readonly latestModelApplied: boolean;
    readonly storageProfile: { readonly imageReference: { readonly exactVersion: string } };
    readonly instanceView: { readonly vmHealth: { readonly status: { readonly code: string } } };
  };
}

describe("scale sets in the Azure stand-in", { timeout: 60_000 }, () => {
  let azure: AzureFixture;
  let balancer: string;
  let subnet: string;
  const versions: string[] = [];
  before(async () => {
    azure = await AzureFixture.start();
    const disk = await azure.disk("d");
    await azure.definition();
    for (const number of ["1.0.0", "1.0.1", "1.0.2"]) versions.push(await azure.version(number, disk));
    subnet = await azure.subnet();
    balancer = await azure.balancer(subnet);
  });
  after(() => azure[Symbol.asyncDispose]());
  beforeEach(() => {
    unhealthy.clear();
    azure.server.scaleSets.isUnhealthy = (image) => unhealthy.has(image);
    azure.server.scaleSets.held = false;
    azure.server.scaleSets.upgradesInBackground = false;
  });

  const unhealthy = new Set<string>();
  const makeUnhealthy = (version: number) => unhealthy.add((versions[version] as string).toLowerCase());
  const model = (
    version = 0,
    {
      policy = {},
      probe = "health",
      pool = "machines",
      profile = {},
      ...more
    }: { policy?: object; probe?: string; pool?: string; profile?: object; [name: string]: unknown } = {},
  ) => ({
    orchestrationMode: "Uniform",
    upgradePolicy: { mode: "Rolling", rollingUpgradePolicy: { ...POLICY, ...policy } },
    virtualMachineProfile: {
      storageProfile: { imageReference: { id: versions[version] }, osDisk: { createOption: "FromImage" } },
      networkProfile: {
        ...(probe && { healthProbe: { id: `${balancer}/probes/${probe}` } }),
        networkInterfaceConfigurations: [
          {
            name: "nic",
            properties: {
              primary: true,
              ipConfigurations: [
                {
                  name: "ip",
                  properties: {
                    subnet: { id: subnet },
                    loadBalancerBackendAddressPools: [{ id: `${balancer}/backendAddressPools/${pool}` }],
                  },
                },
              ],
            },
          },
        ],
      },
      ...profile,
    },
    ...more,
  });
  const put = (name: string, properties: unknown, capacity = 4, size = "Standard_B2s") =>
    azure.put(`${SETS}/${name}`, properties, { sku: { name: size, capacity } });
  const patch = (name: string, version: number) =>
    azure.client.settled("PATCH", `${SETS}/${name}`, {
      properties: { virtualMachineProfile: { storageProfile: { imageReference: { id: versions[version] } } } },
    });
  const get = async (name: string, below: string) => (await azure.client.ask("GET", `${SETS}/${name}/${below}`)).body;
  const instances = async (name: string) => {
    const found: Listed[] = [];
    for (let next: string | undefined = `${SETS}/${name}/virtualMachines?$expand=instanceView`; next !== undefined; ) {
      const { value, nextLink } = (await azure.client.ask("GET", next)).body as unknown as { value: Listed[]; nextLink?: string };
      found.push(...value);
      next = nextLink;
    }
    return found.map(({ instanceId, properties: { storageProfile, latestModelApplied, instanceView } }) =>
      [instanceId, storageProfile.imageReference.exactVersion, latestModelApplied, instanceView.vmHealth.status.code.split("/")[1]].join(
        " ",
      ),
    );
  };
  const upgrade = async (name: string) => {
    const { runningStatus, progress } = (await get(name, "rollingUpgrades/latest")).properties as unknown as {
      runningStatus: { code: string };
      progress: Record<string, number>;
    };
    return [runningStatus.code, ...["successful", "failed", "inProgress", "pending"].map((kind) => progress[`${kind}InstanceCount`])].join(
      " ",
    );
  };
  const errorOf = ({ body }: Asked) => (body.error as Properties | undefined)?.code;

  const REQUESTS: readonly { readonly what: string; readonly ask: () => Promise<Asked>; readonly refused?: string }[] = [
    { what: "a scale set", ask: () => put("good", model()) },
    { what: "more than 100 machines", ask: () => put("x", model(), 101), refused: "400 InvalidParameter" },
    { what: "rolling upgrades without a probe", ask: () => put("x", model(0, { probe: "" })), refused: "400 BadRequest" },
    { what: "a probe without a rule", ask: () => put("x", model(0, { probe: "idle" })), refused: "400 CannotUseInactiveHealthProbe" },
    {
      what: "a pool without the probe's rule",
      ask: () => put("x", model(0, { pool: "others" })),
      refused: "400 CannotUseInactiveHealthProbe",
    },
    { what: "a missing probe", ask: () => put("x", model(0, { probe: "none" })), refused: "400 InvalidResourceReference" },
    {
      what: "a batch of 4 percent",
      ask: () => put("x", model(0, { policy: { maxBatchInstancePercent: 4 } })),
      refused: "400 InvalidParameter",
    },
    {
      what: "a batch above maxUnhealthyInstancePercent",
      ask: () => put("x", model(0, { policy: { maxBatchInstancePercent: 51 } })),
      refused: "400 InvalidParameter",
    },
    {
      what: "a pause that is not an ISO 8601 duration",
      ask: () => put("x", model(0, { policy: { pauseTimeBetweenBatches: "30" } })),
      refused: "400 InvalidParameter",
    },
    {
      what: "repairs after five minutes",
      ask: () => put("x", model(0, { automaticRepairsPolicy: { enabled: true, gracePeriod: "PT5M" } })),
      refused: "400 InvalidParameter",
    },
    {
      what: "an extension, which needs an agent",
      ask: () =>
        put(
          "x",
          model(0, {
            profile: {
              extensionProfile: {
                extensions: [
                  {
                    name: "health",
                    properties: { publisher: "Microsoft.ManagedServices", type: "ApplicationHealthLinux", typeHandlerVersion: "2.0" },
                  },
                ],
              },
            },
          }),
        ),
      refused: "409 VMExtensionProvisioningError",
    },
    {
      what: "a probe with flexible orchestration",
      ask: () => put("x", model(0, { orchestrationMode: "Flexible" })),
      refused: "400 BadRequest",
    },
    { what: "a fractional capacity", ask: () => put("x", model(), 1.5), refused: "400 InvalidParameter" },
    { what: "a size with another architecture", ask: () => put("x", model(), 1, "Standard_D2ps_v5"), refused: "400 BadRequest" },
    {
      what: "an unknown property of a policy",
      ask: () => put("x", model(0, { policy: { maxUnavailable: 1 } })),
      refused: "400 InvalidParameter",
    },
    {
      what: "deleting the load balancer of a scale set",
      ask: () => azure.client.ask("DELETE", "Microsoft.Network/loadBalancers/balancer"),
      refused: "400 LoadBalancerInUseByVirtualMachineScaleSet",
    },
    {
      what: "cancelling without an upgrade",
      ask: () => azure.client.ask("POST", `${SETS}/good/rollingUpgrades/cancel`),
      refused: "409 OperationNotAllowed",
    },
    {
      what: "a view of the latest upgrade before the first",
      ask: () => azure.client.ask("GET", `${SETS}/good/rollingUpgrades/latest`),
      refused: "404 NotFound",
    },
  ];
  for (const { what, ask, refused } of REQUESTS) {
    test(`${refused === undefined ? "accepts" : "refuses"} ${what}`, async () => {
      const { status, code, body } = await ask();
      if (refused === undefined) assert.deepEqual([code, body.status], [undefined, "Succeeded"], JSON.stringify(body));
      else assert.equal(`${status} ${code}`, refused);
    });
  }

  test("rolls a changed image out batch by batch, and the update waits for it", async () => {
    await put("rolled", model());
    assert.deepEqual(
      await instances("rolled"),
      ["4", "5", "6", "7"].map((id) => `${id} 1.0.0 true healthy`),
    );
    const begun = await azure.client.ask("PUT", `${SETS}/rolled`, {
      location: "westeurope",
      sku: { name: "Standard_B2s", capacity: 4 },
      properties: model(1),
    });
    const look = () => azure.client.ask("GET", begun.headers.get("azure-asyncoperation") as string);
    const seen: string[] = [];
    for (let status: unknown = "InProgress"; status === "InProgress"; seen.push(await upgrade("rolled")))
      status = (await look()).body.status;
    assert.deepEqual(seen, [
      "RollingForward 0 0 0 4",
      "RollingForward 0 0 2 2",
      "RollingForward 2 0 0 2",
      "RollingForward 2 0 2 0",
      "RollingForward 4 0 0 0",
      "Completed 4 0 0 0",
    ]);
    assert.deepEqual(
      await instances("rolled"),
      ["4", "5", "6", "7"].map((id) => `${id} 1.0.1 true healthy`),
    );
  });

  test("an unhealthy image restores its batch, fails the update, and leaves the new model", async () => {
    await put("unhealthy", model());
    makeUnhealthy(1);
    assert.equal(errorOf(await put("unhealthy", model(1))), "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade");
    assert.match(await upgrade("unhealthy"), /^Faulted 0 2/);
    assert.ok((await instances("unhealthy")).every((line) => / 1\.0\.0 false healthy$/.test(line)));
    const { properties } = (await azure.client.ask("GET", `${SETS}/unhealthy`)).body as { properties: Properties };
    assert.equal(properties.provisioningState, "Failed");
    // rolling back takes another update
    assert.equal((await patch("unhealthy", 0)).body.status, "Succeeded");
    assert.ok((await instances("unhealthy")).every((line) => / 1\.0\.0 true healthy$/.test(line)));
  });

  test("without rollback a machine stays unhealthy, and a set with too many of them cannot be upgraded", async () => {
    await put(
      "unhealthy",
      model(0, { policy: { rollbackFailedInstancesOnPolicyBreach: false, maxBatchInstancePercent: 25, maxUnhealthyInstancePercent: 25 } }),
    );
    makeUnhealthy(1);
    await patch("unhealthy", 1);
    assert.equal((await instances("unhealthy")).filter((line) => line.endsWith("1.0.1 true unhealthy")).length, 1);
    makeUnhealthy(0);
    assert.equal(errorOf(await patch("unhealthy", 2)), "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade");
  });

  test("a set with only unhealthy machines is upgraded only if its policy permits it", async () => {
    makeUnhealthy(0);
    await put("all-unhealthy", model());
    assert.equal(errorOf(await patch("all-unhealthy", 1)), "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade");
    assert.equal((await put("all-unhealthy", model(1, { policy: { maxUnhealthyInstancePercent: 100 } }))).body.status, "Succeeded");
    assert.ok((await instances("all-unhealthy")).every((line) => / 1\.0\.1 true healthy$/.test(line)));
  });

  test("a surge adds new machines before it deletes old ones", async () => {
    await put("surge", model(0, { policy: { maxSurge: true } }), 2);
    const former = (await instances("surge")).map((line) => line.split(" ")[0]);
    makeUnhealthy(1);
    await patch("surge", 1);
    assert.deepEqual(
      (await instances("surge")).map((line) => line.split(" ")[0]),
      former,
    );
    await patch("surge", 2);
    assert.ok((await instances("surge")).every((line) => !former.includes(line.split(" ")[0]) && line.includes(" 1.0.2 true ")));
  });

  test("a set can be changed or deleted only after its upgrade is cancelled", async () => {
    await put("cancelled", model());
    azure.server.scaleSets.held = true;
    const begun = await azure.client.ask("PATCH", `${SETS}/cancelled`, {
      properties: { virtualMachineProfile: { userData: Buffer.from("x").toString("base64") } },
    });
    assert.equal((await azure.client.ask("PATCH", `${SETS}/cancelled`, { tags: {} })).code, "OperationNotAllowed");
    assert.equal((await azure.client.ask("DELETE", `${SETS}/cancelled`)).code, "OperationNotAllowed");
    await azure.client.settled("POST", `${SETS}/cancelled/rollingUpgrades/cancel`);
    azure.server.scaleSets.held = false;
    assert.equal(
      errorOf(await azure.client.ask("GET", begun.headers.get("azure-asyncoperation") as string)) ??
        errorOf(await azure.client.ask("GET", begun.headers.get("azure-asyncoperation") as string)),
      "OperationPreempted",
    );
    assert.match(await upgrade("cancelled"), /^Cancelled/);
    await azure.client.settled("DELETE", `${SETS}/cancelled`);
    assert.equal((await azure.client.ask("GET", `${SETS}/cancelled`)).status, 404);
  });

  test("if updates do not wait, the upgrade advances at each request", async () => {
    await put("behind", model());
    azure.server.scaleSets.upgradesInBackground = true;
    await patch("behind", 1);
    assert.equal((await azure.client.ask("PATCH", `${SETS}/behind`, { tags: {} })).code, "OperationNotAllowed");
    let looks = 0;
    while ((await upgrade("behind")).startsWith("RollingForward")) assert.ok(looks++ < 20);
    assert.match(await upgrade("behind"), /^Completed 4/);
  });

  test("changes its capacity, and upgrades in manual and automatic mode", async () => {
    await put("modes", model(0, { upgradePolicy: { mode: "Manual" } }), 2);
    await put("modes", model(1, { upgradePolicy: { mode: "Manual" } }), 3);
    assert.deepEqual(
      (await instances("modes")).map((line) => line.replace(/^\d+ /, "")),
      ["1.0.0 false healthy", "1.0.0 false healthy", "1.0.1 true healthy"],
    );
    await azure.client.settled("POST", `${SETS}/modes/manualupgrade`, { instanceIds: ["*"] });
    assert.ok((await instances("modes")).every((line) => / 1\.0\.1 true /.test(line)));
    await put("modes", model(2, { upgradePolicy: { mode: "Automatic" } }), 1);
    assert.deepEqual(
      (await instances("modes")).map((line) => line.replace(/^\d+ /, "")),
      ["1.0.2 true healthy"],
    );
  });

  test("user data are shown only with $expand=userData", async () => {
    await put("data", model(0, { profile: { userData: Buffer.from("x").toString("base64") } }));
    const profiles = await Promise.all(
      ["", "?$expand=userData"].map(
        async (query) =>
          ((await azure.client.ask("GET", `${SETS}/data${query}`)).body.properties as Properties).virtualMachineProfile as Properties,
      ),
    );
    assert.deepEqual(
      profiles.map(({ userData }) => userData),
      [undefined, "eA=="],
    );
  });
});
