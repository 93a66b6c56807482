import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { awsGate } from "../../providers/aws/aws-gate.ts";
import { awsSnapshot } from "../../providers/aws/aws-snapshot.ts";
import { rolloutGate } from "../../providers/rollout-gate.ts";
import { defaultCacheDir } from "../../sdk/cache/location.ts";
import type { Provider } from "../../sdk/plugin/provider.ts";
import { builder } from "../../sdk/resource/image-build-type.ts";
import { imageBuildType } from "../../sdk/resource/image-build-verbs.ts";
import { AutoScaling } from "../support/aws/auto-scaling.ts";
import { AwsServer } from "../support/aws/aws-server.ts";
import { type PulumiAws, pulumiAws } from "../support/aws/pulumi-aws.ts";
import { makeStack, type Stack } from "../support/engine.ts";
import { until } from "../support/until.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/aws-fleet", import.meta.url));

describe("a fleet on AWS, under the real engine", { timeout: 900_000 }, () => {
  let server: AwsServer;
  let scaling: AutoScaling;
  let aws: PulumiAws;
  let stack: Stack;
  let cacheDir = defaultCacheDir();
  let home: string;
  let snapshots = awsSnapshot(cacheDir);
  const provider: Provider = {
    name: "linuxkit",
    version: "0.1.0",
    config: { debianMirror: "" },
    types: {
      "linuxkit:index:ImageBuild": async () => imageBuildType(builder, cacheDir),
      "linuxkit:index:AwsSnapshot": async () => snapshots,
      "linuxkit:index:RolloutGate": async () => rolloutGate({ aws: async () => awsGate(undefined, 0.05) }),
    },
  };
  const userHome = () => join(home, "user");
  const show = (page: string) => stack.must("config", "set", "page", page);
  const completed = () => [...server.ebs.snapshots.values()].map(({ status }) => status);
  const outputs = async () => (await stack.outputs()) as { groupName: string; version: string; imageId: string; snapshotId: string };
  const versions = (group: string) => scaling.groups.get(group)?.instances.map(({ version }) => version);

  before(async () => {
    home = await mkdtemp(join(tmpdir(), "fleet-"));
    scaling = new AutoScaling();
    server = await AwsServer.start({ actions: (action, form) => scaling.action(action, form) });
    aws = pulumiAws(server, scaling);
    // the plugin of this stack runs in this process
    Object.assign(process.env, server.environment, { HOME: userHome() });
    await mkdir(userHome());
    stack = await makeStack({ folder: EXAMPLE, provider, others: [aws.provider], env: { HOME: userHome() }, config: { "aws:region": "eu-central-1" } });
    for (const index of [0, 1]) await stack.must("config", "set", "--path", `subnetIds[${index}]`, `subnet-${index}`);
    await show("one");
  });
  after(async () => {
    await stack[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  });

  test("up: the image is uploaded and registered, the group runs it", async () => {
    const up = await stack.up();
    const { groupName, imageId, snapshotId } = await outputs();
    assert.deepEqual(completed(), ["completed"]);
    const image = aws.images.get(imageId);
    assert.equal(image?.snapshot, snapshotId);
    assert.deepEqual(
      [image?.args.bootMode, image?.args.imdsSupport, image?.args.tpmSupport, image?.args.enaSupport, image?.args.architecture],
      ["uefi", "v2.0", "v2.0", true, "x86_64"],
    );
    assert.deepEqual(versions(groupName), ["1", "1"]);
    assert.ok(scaling.groups.get(groupName)?.instances.every(({ healthy }) => healthy));
    assert.ok(up.lines("kept").some((line) => /snap-\w+ is complete: [\d.]+ MB in \d+ s \([\d.]+ MB\/s\)/.test(line)), up.text);
    assert.ok(up.lines("kept").some((line) => line.includes("2 of 2 machines run the new image")), up.text);
  });

  test("up again: nothing happens", async () => {
    server.requests.length = 0;
    const up = await stack.up();
    assert.deepEqual([...new Set(up.steps.map(({ op }) => op))], ["same"]);
    assert.equal(server.blocksPut, 0);
  });

  test("another page, on a machine whose cache and home are empty: the preview names it, few blocks are sent, machines are replaced one after the other", async () => {
    cacheDir = join(home, "cache");
    snapshots = awsSnapshot(cacheDir);
    for (const folder of [userHome(), join(stack.home, "pulumi")]) {
      await rm(folder, { recursive: true });
      await mkdir(folder);
    }
    await stack.must("stack", "select", "test");
    const before = await outputs();
    await show("two");
    const preview = await stack.preview();
    assert.match(preview.text, /contents\s*: "one" => "two"/);
    server.requests.length = 0;
    const up = await stack.up();
    const now = await outputs();
    assert.notEqual(now.imageId, before.imageId);
    assert.deepEqual(versions(now.groupName), ["2", "2"]);
    // the page's segment, the partition's tables, the loader's copy of its name
    assert.ok(server.blocksPut > 0 && server.blocksPut <= 6, `${server.blocksPut} blocks`);
    assert.ok(up.lines("kept").some((line) => line.includes(`${before.snapshotId} has the rest`)), up.text);
    assert.ok(up.lines("kept").some((line) => line.includes("1 of 2 machines run the new image")), up.text);
    assert.deepEqual([...aws.images.keys()], [now.imageId]);
    assert.deepEqual([...server.ebs.snapshots.keys()], [now.snapshotId]);
  });

  test("an image that does not become healthy: the old one comes back, the update fails and says why", async () => {
    const before = await outputs();
    scaling.sick.add("3");
    await show("sick");
    const up = await stack.run("up", "--yes", "--skip-preview");
    assert.notEqual(up.status, 0);
    assert.match(up.text, /the rollout of "web" failed with \d of 2 machines on the new image: instances failed their health check/);
    assert.deepEqual(versions(before.groupName), ["2", "2"]);
    assert.ok(aws.images.has(before.imageId), "the image that runs is still there");
    await show("two");
    await stack.up();
    assert.deepEqual([...server.ebs.snapshots.keys()].length, 1);
  });

  test("Ctrl-C in mid-upload: nothing is left pending", async () => {
    await show("three");
    server.requests.length = 0;
    server.fault = (action) => (action === "PutSnapshotBlock" ? { delayMs: 400 } : undefined);
    const operation = stack.start("up", "--yes", "--skip-preview");
    await until(() => server.requests.some(({ action }) => action === "StartSnapshot"));
    operation.interrupt();
    const outcome = await operation.outcome;
    server.fault = undefined;
    assert.notEqual(outcome.status, 0);
    assert.ok(completed().every((status) => status === "completed"), completed().join());
    assert.deepEqual(await readdir(join(cacheDir, "uploads")), []);
  });

  test("refresh after the image was deregistered by hand: up registers it again", async () => {
    await show("two");
    await stack.up();
    const { imageId } = await outputs();
    aws.images.delete(imageId);
    server.ebs.inUse.clear();
    await stack.refresh();
    await stack.up();
    assert.equal(aws.images.size, 1);
  });

  test("destroy: nothing is left", async () => {
    await stack.destroy();
    assert.deepEqual([server.ebs.snapshots.size, aws.images.size, aws.templates.size, scaling.groups.size], [0, 0, 0, 0]);
  });
});
