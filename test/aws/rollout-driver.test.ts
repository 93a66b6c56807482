import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { instanceRefreshDriver } from "../../providers/aws/plugin/rollout-driver.ts";
import { runRollout } from "../../sdk/rollout/run-rollout.ts";
import { AutoScaling } from "../support/aws/auto-scaling.ts";
import { AwsServer } from "../support/aws/aws-server.ts";

const ONE = { templateId: "lt-0123456789abcdef0", version: "1" };
const TWO = { ...ONE, version: "2" };

describe("a rollout of an Auto Scaling group", { timeout: 60_000 }, () => {
  const scaling = new AutoScaling();
  let server: AwsServer;
  let count = 0;
  before(async () => {
    server = await AwsServer.start({ actions: (action, form) => scaling.action(action, form) });
    Object.assign(process.env, server.environment);
  });
  after(() => server[Symbol.asyncDispose]());

  /** A group whose instances run version 1 and are in service. */
  const groupOf = (size: number) => {
    const name = `group-${++count}`;
    scaling.isUnhealthy = () => false;
    scaling.held = false;
    scaling.create(name, ONE, size);
    const group = scaling.groups.get(name) ?? assert.fail();
    for (const instance of group.instances) Object.assign(instance, { state: "InService", healthy: true });
    return group;
  };
  const versions = ({ instances }: ReturnType<typeof groupOf>) => instances.map(({ version }) => version).join();
  const roll = async (group: string, { templateId, version } = TWO, signal = AbortSignal.timeout(20_000), look = () => {}) => {
    using driver = instanceRefreshDriver(
      { region: "eu-central-1" },
      {
        group,
        launchTemplateId: templateId,
        launchTemplateVersion: version,
        minHealthyPercentage: 90,
        maxHealthyPercentage: 100,
        instanceWarmup: 0,
      },
    );
    const looking = { ...driver, describe: (id: string) => driver.describe(id).finally(look) };
    return runRollout(looking, { name: "web", signal, progress: () => {}, paceSeconds: 0.01, limits: { blindLooks: 1 } });
  };

  test("replaces every instance, and saves the version in the group only then", async () => {
    const group = groupOf(3);
    const saved: string[] = [];
    await roll(group.name, TWO, undefined, () => saved.push(group.saved.version));
    assert.deepEqual([versions(group), group.saved, saved[0]], ["2,2,2", TWO, "1"]);
  });

  test("another template with the same version number is another version", async () => {
    const group = groupOf(2);
    const other = { templateId: "lt-0123456789abcdef1", version: "1" };
    await roll(group.name, other);
    assert.deepEqual(
      group.instances.map(({ templateId }) => templateId),
      [other.templateId, other.templateId],
    );
  });

  test("every instance runs the old version after the new one was unhealthy, and after a cancel", async () => {
    const group = groupOf(3);
    scaling.isUnhealthy = (version) => version === "2";
    await assert.rejects(roll(group.name), {
      code: "ROLLOUT_FAILED",
      message: /failed with 0 of 3 machines .*: instances failed their health check.*; rolled back: every machine runs the old image$/,
    });
    assert.deepEqual([versions(group), group.saved], ["1,1,1", ONE]);
    scaling.isUnhealthy = () => false;
    scaling.held = true;
    const cancel = new AbortController();
    const rolling = roll(group.name, TWO, cancel.signal, () => versions(group).includes("2") && cancel.abort());
    await assert.rejects(rolling, { code: "ROLLOUT_FAILED", message: /it was cancelled; rolled back: every machine runs the old image$/ });
    assert.deepEqual([versions(group), group.saved], ["1,1,1", ONE]);
  });

  test("a refresh that somebody cancels by hand is brought back to the old version", async () => {
    const group = groupOf(3);
    scaling.held = true;
    const rolling = roll(group.name, TWO, undefined, () => {
      if (!versions(group).includes("2") || !scaling.held) return;
      scaling.cancelRefresh(group.name);
      scaling.held = false;
    });
    await assert.rejects(rolling, { code: "ROLLOUT_FAILED", message: /rolled back: every machine runs the old image$/ });
    assert.deepEqual([versions(group), group.saved], ["1,1,1", ONE]);
  });

  test("never says that it came back where the group itself has the new version, as its provider would give it", async () => {
    const group = groupOf(3);
    // resourceGroupUpdate of terraform-provider-aws: UpdateAutoScalingGroup, then StartInstanceRefresh
    scaling.update(group.name, { saved: TWO });
    scaling.startRefresh(group.name, TWO);
    scaling.isUnhealthy = (version) => version === "2";
    await assert.rejects(roll(group.name), {
      code: "ROLLOUT_FAILED",
      message:
        /the rollback failed: i-\w+.* still run version 2 of the launch template: the group's own configuration names it.*: check the fleet/,
    });
    assert.match(versions(group), /2/);
  });

  test("a group in which nothing runs launches from the new version without a refresh", async () => {
    const empty = groupOf(0);
    await roll(empty.name);
    assert.deepEqual([empty.saved, empty.refreshes.length], [TWO, 0]);
    const failing = groupOf(2);
    // no instance could be launched from version 1
    failing.instances.length = 0;
    await roll(failing.name, TWO, undefined, () => scaling.update(failing.name, { size: 2 }));
    assert.deepEqual([versions(failing), failing.refreshes.length], ["2,2", 0]);
  });
});
