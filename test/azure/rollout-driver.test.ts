import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { resourceManager } from "../../providers/azure/plugin/access/resource-manager.ts";
import { rollingUpgradeDriver } from "../../providers/azure/plugin/rollout-driver.ts";
import { type Model, type ScaleSet, scaleSetOf } from "../../providers/azure/plugin/scale-set.ts";
import type { Progress } from "../../sdk/core/progress.ts";
import { type RolledOut, runRollout } from "../../sdk/rollout/run-rollout.ts";
import { AzureFixture } from "../support/azure/azure-fixture.ts";

const SETS = "Microsoft.Compute/virtualMachineScaleSets";
const POLICY = {
  maxBatchInstancePercent: 50,
  maxUnhealthyInstancePercent: 50,
  maxUnhealthyUpgradedInstancePercent: 0,
  pauseTimeBetweenBatches: "PT0S",
  rollbackFailedInstancesOnPolicyBreach: true,
};

describe("the rollout of a scale set", { timeout: 120_000 }, () => {
  let azure: AzureFixture;
  let balancer: string;
  let subnet: string;
  let set: ScaleSet;
  let lines: Progress[];
  let count = 0;
  const images: string[] = [];

  before(async () => {
    azure = await AzureFixture.start();
    const disk = await azure.disk("d");
    await azure.definition();
    for (const number of ["1.0.0", "1.0.1", "1.0.2"]) images.push(await azure.version(number, disk));
    subnet = await azure.subnet();
    balancer = await azure.balancer(subnet);
  });
  after(() => azure[Symbol.asyncDispose]());
  beforeEach(async () => {
    unhealthy.clear();
    azure.server.scaleSets.isUnhealthy = (image) => unhealthy.has(image);
    azure.server.scaleSets.held = false;
    azure.server.scaleSets.upgradesInBackground = false;
    azure.server.scaleSets.silent = false;
    azure.server.scaleSets.upgradesNothing = false;
    lines = [];
    const name = `web${count++}`;
    const profile = {
      storageProfile: { imageReference: { id: images[0] }, osDisk: { createOption: "FromImage" } },
      networkProfile: {
        healthProbe: { id: `${balancer}/probes/health` },
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
                    loadBalancerBackendAddressPools: [{ id: `${balancer}/backendAddressPools/machines` }],
                  },
                },
              ],
            },
          },
        ],
      },
    };
    await azure.put(
      `${SETS}/${name}`,
      { orchestrationMode: "Uniform", upgradePolicy: { mode: "Rolling", rollingUpgradePolicy: POLICY }, virtualMachineProfile: profile },
      { sku: { name: "Standard_B2s", capacity: 4 } },
    );
    const cloud = { manager: azure.server.url, managerScope: "https://management.azure.com/.default", authority: azure.server.url };
    const manager = resourceManager({ cloud, token: async () => azure.server.entra.issue() });
    set = scaleSetOf(manager, { subscriptionId: azure.server.arm.subscription, resourceGroupName: "rg", scaleSet: name });
  });

  const image = (index: number): Model => ({ image: images[index] as string });
  const unhealthy = new Set<string>();
  const makeUnhealthy = (index: number) => unhealthy.add((images[index] as string).toLowerCase());
  const now = () => AbortSignal.timeout(10_000);
  const runs = async () =>
    (await set.instances(now())).map(({ image }) => images.findIndex((id) => id.toLowerCase() === image.toLowerCase()));
  const roll = (
    to: Model,
    { remembered, signal = AbortSignal.timeout(60_000) }: { remembered?: Model; signal?: AbortSignal } = {},
  ): Promise<RolledOut> =>
    runRollout(rollingUpgradeDriver(set, to, remembered, 5), {
      name: "web",
      signal,
      progress: (line) => lines.push(line),
      paceSeconds: 0.005,
    });

  for (const upgradesInBackground of [false, true]) {
    describe(upgradesInBackground ? "if Azure's update ends before its upgrade" : "if Azure's update waits for its upgrade", () => {
      beforeEach(() => {
        azure.server.scaleSets.upgradesInBackground = upgradesInBackground;
      });

      test("moves to the new image batch by batch", async () => {
        await roll(image(1));
        assert.deepEqual(await runs(), [1, 1, 1, 1]);
        assert.deepEqual(lines.at(-1), {
          stage: "roll",
          message: "4 of 4 machines run the new image and are healthy",
          done: 4,
          total: 4,
          unit: "items",
          lasting: true,
        });
        // in the background, an upgrade advances at each of the three requests of a poll
        if (!upgradesInBackground)
          assert.ok(
            lines.some(({ done }) => done === 2),
            JSON.stringify(lines),
          );
      });

      test("rolls every machine back from an unhealthy image, and fails with the reason", async () => {
        makeUnhealthy(1);
        await assert.rejects(roll(image(1)), {
          code: "ROLLOUT_FAILED",
          message:
            /^the rollout of "web" failed with \d of 4 machines on the new image: rolling Upgrade failed .*unhealthy.*; rolled back: every machine runs the old image$/,
        });
        assert.deepEqual(await runs(), [0, 0, 0, 0]);
        assert.equal((await set.describe(now()))?.image, images[0]);
        // the next rollout succeeds
        await roll(image(2));
        assert.deepEqual(await runs(), [2, 2, 2, 2]);
      });

      test("rolls back when it is cancelled", async () => {
        azure.server.scaleSets.held = true;
        const cancel = new AbortController();
        const rolling = roll(image(1), { signal: cancel.signal });
        while ((await set.upgrade(now()))?.code !== "RollingForward") await new Promise((resolve) => setTimeout(resolve, 5));
        cancel.abort(new Error("cancelled by the test"));
        azure.server.scaleSets.held = false;
        await assert.rejects(rolling, { code: "ROLLOUT_FAILED", message: /it was cancelled; rolled back/ });
        assert.deepEqual(await runs(), [0, 0, 0, 0]);
      });

      test("continues an interrupted rollout, and can still roll it back", async () => {
        azure.server.scaleSets.held = true;
        await set.change(image(1), now());
        makeUnhealthy(1);
        const rolling = roll(image(1), { remembered: image(0) });
        azure.server.scaleSets.held = false;
        await assert.rejects(rolling, { message: /rolled back/ });
        assert.deepEqual(await runs(), [0, 0, 0, 0]);
      });
    });
  }

  test("is done when Azure completes the upgrade, though it reports no machine's health", async () => {
    azure.server.scaleSets.silent = true;
    assert.equal((await roll(image(1))).updated, 4);
    assert.deepEqual(await runs(), [1, 1, 1, 1]);
    assert.equal(lines.at(-1)?.message, "4 of 4 machines run the new image and are healthy");
  });

  test("still rolls back from an unhealthy image where Azure reports no machine's health", async () => {
    azure.server.scaleSets.silent = true;
    makeUnhealthy(1);
    await assert.rejects(roll(image(1)), { code: "ROLLOUT_FAILED", message: /rolled back/ });
    assert.deepEqual(await runs(), [0, 0, 0, 0]);
  });

  test("fails with the reason if Azure completes the upgrade without its machines", async () => {
    azure.server.scaleSets.upgradesNothing = true;
    await assert.rejects(roll(image(1)), {
      code: "ROLLOUT_FAILED",
      message: /Azure ended the upgrade without 4 of 4 machines; rolled back: every machine runs the old image$/,
    });
    assert.deepEqual(await runs(), [0, 0, 0, 0]);
    assert.equal((await set.describe(now()))?.image, images[0]);
  });

  test("of a new fleet whose health Azure does not report ends at its time limit", async () => {
    azure.server.scaleSets.silent = true;
    await assert.rejects(roll(image(0), { signal: AbortSignal.timeout(500) }), { code: "ROLLOUT_FAILED" });
  });

  test("does nothing if every machine is up to date", async () => {
    await set.instances(now());
    azure.server.requests.length = 0;
    assert.deepEqual(await roll(image(0), { remembered: image(0) }), { id: "", updated: 0 });
    assert.deepEqual(lines, []);
    // a new fleet reports it
    assert.equal((await roll(image(0))).updated, 4);
    assert.deepEqual(
      lines.map(({ message }) => message),
      ["4 of 4 machines run the new image and are healthy"],
    );
    assert.ok(
      azure.server.requests.every(({ action }) => action.startsWith("GET ")),
      JSON.stringify(azure.server.requests),
    );
  });

  test("restarts an upgrade that was cancelled outside", async () => {
    azure.server.scaleSets.held = true;
    const order = await set.change(image(1), now());
    await set.cancelUpgrade(now());
    azure.server.scaleSets.held = false;
    while (!(await order.look(now())).over);
    await roll(image(1), { remembered: image(0) });
    assert.deepEqual(await runs(), [1, 1, 1, 1]);
  });

  test("replaces every machine if only the user data changed", async () => {
    await roll({ ...image(0), userData: "dHdv" });
    assert.equal((await set.describe(now()))?.userData, "dHdv");
    assert.ok((await set.instances(now())).every(({ latest }) => latest));
  });

  test("reports Azure's refusal", async () => {
    await assert.rejects(roll({ image: `${images[0]}9` }), { code: "NOT_FOUND", message: /GalleryImageNotFound/ });
    assert.deepEqual(await runs(), [0, 0, 0, 0]);
  });
});
