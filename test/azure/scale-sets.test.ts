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

describe("scale sets of the stand-in for Azure", { timeout: 60_000 }, () => {
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
    ill.clear();
    azure.server.scaleSets.sick = (image) => ill.has(image);
    azure.server.scaleSets.held = false;
    azure.server.scaleSets.upgradesInBackground = false;
  });

  const ill = new Set<string>();
  const sick = (version: number) => ill.add((versions[version] as string).toLowerCase());
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
    { what: "a set", ask: () => put("good", model()) },
    { what: "an upgrade by no probe", ask: () => put("x", model(0, { probe: "" })), refused: "400 BadRequest" },
    { what: "a probe that no rule uses", ask: () => put("x", model(0, { probe: "idle" })), refused: "400 CannotUseInactiveHealthProbe" },
    {
      what: "a pool that the probe's rule does not send to",
      ask: () => put("x", model(0, { pool: "others" })),
      refused: "400 CannotUseInactiveHealthProbe",
    },
    { what: "a probe that is not there", ask: () => put("x", model(0, { probe: "none" })), refused: "400 InvalidResourceReference" },
    {
      what: "a batch of 4 percent",
      ask: () => put("x", model(0, { policy: { maxBatchInstancePercent: 4 } })),
      refused: "400 InvalidParameter",
    },
    {
      what: "a batch above what may be unhealthy",
      ask: () => put("x", model(0, { policy: { maxBatchInstancePercent: 51 } })),
      refused: "400 InvalidParameter",
    },
    {
      what: "a pause in seconds",
      ask: () => put("x", model(0, { policy: { pauseTimeBetweenBatches: "30" } })),
      refused: "400 InvalidParameter",
    },
    {
      what: "repairs after five minutes",
      ask: () => put("x", model(0, { automaticRepairsPolicy: { enabled: true, gracePeriod: "PT5M" } })),
      refused: "400 InvalidParameter",
    },
    {
      what: "an extension, which wants an agent",
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
      what: "a probe and flexible orchestration",
      ask: () => put("x", model(0, { orchestrationMode: "Flexible" })),
      refused: "400 BadRequest",
    },
    { what: "half a machine", ask: () => put("x", model(), 1.5), refused: "400 InvalidParameter" },
    { what: "a size of another architecture", ask: () => put("x", model(), 1, "Standard_D2ps_v5"), refused: "400 BadRequest" },
    {
      what: "a property that a policy lacks",
      ask: () => put("x", model(0, { policy: { maxUnavailable: 1 } })),
      refused: "400 InvalidParameter",
    },
    {
      what: "no load balancer that a set uses to go",
      ask: () => azure.client.ask("DELETE", "Microsoft.Network/loadBalancers/balancer"),
      refused: "400 LoadBalancerInUseByVirtualMachineScaleSet",
    },
    {
      what: "an upgrade to be cancelled that there is not",
      ask: () => azure.client.ask("POST", `${SETS}/good/rollingUpgrades/cancel`),
      refused: "409 OperationNotAllowed",
    },
    {
      what: "to be asked for an upgrade that there is not",
      ask: () => azure.client.ask("GET", `${SETS}/good/rollingUpgrades/latest`),
      refused: "404 NotFound",
    },
  ];
  for (const { what, ask, refused } of REQUESTS) {
    test(`${refused === undefined ? "takes" : "refuses"} ${what}`, async () => {
      const { status, code, body } = await ask();
      if (refused === undefined) assert.deepEqual([code, body.status], [undefined, "Succeeded"], JSON.stringify(body));
      else assert.equal(`${status} ${code}`, refused);
    });
  }

  test("another image is rolled out batch by batch, and the update waits for it", async () => {
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

  test("an image that does not become healthy: the batch is brought back, the update fails, and the model stays", async () => {
    await put("sick", model());
    sick(1);
    assert.equal(errorOf(await put("sick", model(1))), "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade");
    assert.match(await upgrade("sick"), /^Faulted 0 2/);
    assert.ok((await instances("sick")).every((line) => / 1\.0\.0 false healthy$/.test(line)));
    const { properties } = (await azure.client.ask("GET", `${SETS}/sick`)).body as { properties: Properties };
    assert.equal(properties.provisioningState, "Failed");
    // the way back is another update
    assert.equal((await patch("sick", 0)).body.status, "Succeeded");
    assert.ok((await instances("sick")).every((line) => / 1\.0\.0 true healthy$/.test(line)));
  });

  test("without the policy's way back a machine stays ill, and there is no upgrade of a set that is too ill", async () => {
    await put(
      "ill",
      model(0, { policy: { rollbackFailedInstancesOnPolicyBreach: false, maxBatchInstancePercent: 25, maxUnhealthyInstancePercent: 25 } }),
    );
    sick(1);
    await patch("ill", 1);
    assert.equal((await instances("ill")).filter((line) => line.endsWith("1.0.1 true unhealthy")).length, 1);
    sick(0);
    assert.equal(errorOf(await patch("ill", 2)), "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade");
  });

  test("a set whose machines are all ill is rolled to a good image only where its policy bears that", async () => {
    sick(0);
    await put("all-ill", model());
    assert.equal(errorOf(await patch("all-ill", 1)), "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade");
    assert.equal((await put("all-ill", model(1, { policy: { maxUnhealthyInstancePercent: 100 } }))).body.status, "Succeeded");
    assert.ok((await instances("all-ill")).every((line) => / 1\.0\.1 true healthy$/.test(line)));
  });

  test("a surge has new machines before former ones go", async () => {
    await put("surge", model(0, { policy: { maxSurge: true } }), 2);
    const former = (await instances("surge")).map((line) => line.split(" ")[0]);
    sick(1);
    await patch("surge", 1);
    assert.deepEqual(
      (await instances("surge")).map((line) => line.split(" ")[0]),
      former,
    );
    await patch("surge", 2);
    assert.ok((await instances("surge")).every((line) => !former.includes(line.split(" ")[0]) && line.includes(" 1.0.2 true ")));
  });

  test("an upgrade is cancelled, and only then may the set be changed or go", async () => {
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

  test("where updates do not wait, the upgrade goes on as it is looked at", async () => {
    await put("behind", model());
    azure.server.scaleSets.upgradesInBackground = true;
    await patch("behind", 1);
    assert.equal((await azure.client.ask("PATCH", `${SETS}/behind`, { tags: {} })).code, "OperationNotAllowed");
    let looks = 0;
    while ((await upgrade("behind")).startsWith("RollingForward")) assert.ok(looks++ < 20);
    assert.match(await upgrade("behind"), /^Completed 4/);
  });

  test("other sizes and other modes", async () => {
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

  test("user data are shown to who asks for them by name", async () => {
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
