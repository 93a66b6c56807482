import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { defaultCacheDir } from "../../sdk/cache/location.ts";
import { AutoScaling } from "../support/aws/auto-scaling.ts";
import { AwsServer } from "../support/aws/aws-server.ts";
import { pulumiAws } from "../support/aws/pulumi-aws.ts";
import { makeStack, type Stack } from "../support/engine.ts";
import { processesBelow } from "../support/processes.ts";
import { until } from "../support/until.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/aws-fleet", import.meta.url));

describe("an upload whose process is killed", { timeout: 600_000 }, () => {
  let server: AwsServer;
  let stack: Stack;
  const statuses = () => [...server.ebs.snapshots.values()].map(({ status }) => status);
  /** An update with a slow server, once some blocks have arrived. */
  const startSlowly = async () => {
    server.requests.length = 0;
    // so slow that not all of them are there in time: 40 blocks, 64 in flight
    let arrived = 0;
    server.fault = (action) => (action === "PutSnapshotBlock" && arrived++ >= 20 ? { delayMs: 20_000 } : undefined);
    const operation = stack.start("up", "--yes", "--skip-preview");
    await until(() => server.blocksPut >= 15, 180);
    // what was acknowledged is in the journal by now
    await new Promise((resolve) => setTimeout(resolve, 500));
    return operation;
  };
  before(async () => {
    const scaling = new AutoScaling();
    server = await AwsServer.start({ actions: (action, form) => scaling.action(action, form) });
    const aws = pulumiAws(server, scaling);
    stack = await makeStack({ folder: EXAMPLE, others: [aws.provider], config: { "aws:region": "eu-central-1" }, env: { ...server.environment, PULUMI_LINUXKIT_CACHE: defaultCacheDir() } });
    await stack.must("config", "set", "--path", "subnetIds[0]", "subnet-0");
  });
  after(async () => {
    await stack[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  test("the plugin: the next update goes on with the same snapshot", async () => {
    const operation = await startSlowly();
    const plugins = (await processesBelow(operation.pid)).filter(({ command }) => command.includes("pulumi-resource-linuxkit"));
    assert.ok(plugins.length > 0);
    for (const { pid } of plugins) process.kill(pid, "SIGKILL");
    assert.notEqual((await operation.outcome).status, 0);
    assert.deepEqual(statuses(), ["pending"]);
    const [id] = [...server.ebs.snapshots.keys()];
    const before = server.ebs.snapshots.get(id as string)?.blocks.size ?? 0;

    server.fault = undefined;
    server.requests.length = 0;
    const up = await stack.up();
    assert.deepEqual([...server.ebs.snapshots.keys()], [id]);
    assert.deepEqual(statuses(), ["completed"]);
    assert.ok(up.lines("kept").some((line) => /upload goes on: [\d.]+ MB to send, [\d.]+ MB are there/.test(line)), up.text);
    assert.ok(server.blocksPut < (server.ebs.snapshots.get(id as string)?.blocks.size ?? 0), `${server.blocksPut} blocks again, ${before} were there`);
  });

  test("the engine: after `pulumi cancel` the next update leaves one snapshot, and no upload", async () => {
    await stack.must("config", "set", "page", "another");
    let held = 0;
    server.fault = (action) => {
      if (action !== "PutSnapshotBlock") return undefined;
      held++;
      return { delayMs: 15_000 };
    };
    const operation = stack.start("up", "--yes", "--skip-preview");
    // a block that is held keeps the plugin from coming to its end before the next update can know of it
    await until(() => held > 0, 180);
    process.kill(operation.pid, "SIGKILL");
    await operation.outcome.catch(() => {});
    server.fault = undefined;
    await stack.run("cancel", "--yes");
    await stack.up();
    assert.deepEqual(statuses(), ["completed"]);
  });
});
