import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { AutoScaling } from "../support/aws/auto-scaling.ts";
import { AwsServer } from "../support/aws/aws-server.ts";
import { type PulumiAws, pulumiAws } from "../support/aws/pulumi-aws.ts";
import { makeStack, type Stack } from "../support/engine.ts";
import { defaultCacheDir } from "../../sdk/cache/location.ts";

interface Program {
  readonly page?: string;
  readonly sizeGiB?: number;
  readonly subnetId?: string;
  readonly protect?: boolean;
  readonly more?: string;
}

/** A database machine with one volume for data and one for its log. */
function program({ page = "one", sizeGiB = 10, subnetId = "subnet-0", protect = true, more = "" }: Program = {}): string {
  return `
import { debian, Image, Kernel, OnbootTask, Service, Volume } from "pulumi-linuxkit";
import { Fleet, Machine } from "pulumi-linuxkit/aws";
const disk = (name) => new Volume(name, { persistent: { serial: name, after: "metadata" } });
const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() }), new OnbootTask("metadata", { image: debian.metadata({ cloud: "aws" }) })],
  volumes: [disk("data"), disk("log")],
  services: [new Service("db", { image: debian.packages({ packages: ["busybox-static"], files: [{ path: "page", contents: "${page}" }], command: ["busybox", "sleep", "9999"] }), binds: ["data:/data", "log:/log"] })],
});
const machine = new Machine("db", {
  image: os, instanceType: "t3.small", subnetId: "${subnetId}",
  volumes: { data: { sizeGiB: ${sizeGiB}, protect: ${protect} }, log: { sizeGiB: 125, type: "st1", protect: ${protect} } },
  transform: { volume: (args) => ({ ...args, ...(args.type === "gp3" && { throughput: 250 }) }) },
});
${more}
export const instanceId = machine.instanceId;
export const data = machine.nodes.volumes.data.id;
export const log = machine.nodes.volumes.log.id;
`;
}

describe("a machine on EC2 and its volumes, under the real engine", { timeout: 600_000 }, () => {
  let server: AwsServer;
  let aws: PulumiAws;
  let stack: Stack;
  const outputs = async () => (await stack.outputs()) as { instanceId: string; data: string; log: string };
  const show = (what: Program) => stack.write("index.js", program(what));

  before(async () => {
    const scaling = new AutoScaling();
    server = await AwsServer.start({ actions: (action, form) => scaling.action(action, form) });
    aws = pulumiAws(server, scaling);
    const files = { "index.js": program() };
    stack = await makeStack({
      files,
      others: [aws.provider],
      config: { "aws:region": "eu-central-1" },
      env: { ...server.environment, PULUMI_LINUXKIT_CACHE: defaultCacheDir() },
    });
  });
  after(async () => {
    await stack[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  test("up creates both volumes in the zone of the subnet, attaches them, and tags the instance with their IDs", async () => {
    await stack.up();
    const { instanceId, data, log } = await outputs();
    const { instances, volumes } = aws.machines;
    assert.deepEqual(
      [data, log]
        .map((id) => volumes.get(id))
        .map((volume) => [volume?.zone, volume?.args.size, volume?.args.type, volume?.args.throughput, volume?.at]),
      [
        ["eu-central-1a", 10, "gp3", 250, { instance: instanceId, device: "/dev/sdf" }],
        ["eu-central-1a", 125, "st1", undefined, { instance: instanceId, device: "/dev/sdg" }],
      ],
    );
    const { tags, metadataOptions } = instances.get(instanceId)?.args ?? {};
    assert.deepEqual(tags, { Name: "db", "linuxkit.disk.data": data, "linuxkit.disk.log": log });
    assert.deepEqual(metadataOptions, {
      httpEndpoint: "enabled",
      httpTokens: "required",
      httpPutResponseHopLimit: 1,
      instanceMetadataTags: "enabled",
    });
  });

  test("a second up changes nothing", async () => {
    const up = await stack.up();
    assert.deepEqual([...new Set(up.steps.map(({ op }) => op))], ["same"]);
  });

  test("a changed image stops the old instance, then moves its volumes to the new one", async () => {
    const before = await outputs();
    aws.machines.events.length = 0;
    await show({ page: "two" });
    await stack.up();
    const now = await outputs();
    assert.notEqual(now.instanceId, before.instanceId);
    assert.deepEqual([now.data, now.log], [before.data, before.log]);
    const events = [...aws.machines.events];
    assert.equal(events.shift(), `launch ${now.instanceId}`, "the new instance is launched before the old one stops");
    assert.equal(events.shift(), `stop ${before.instanceId}`);
    assert.equal(events.pop(), `terminate ${before.instanceId}`);
    const moves = (id: string) => events.filter((event) => event.includes(id));
    for (const id of [now.data, now.log])
      assert.deepEqual(moves(id), [`detach ${id} ${before.instanceId}`, `attach ${id} ${now.instanceId}`]);
    assert.deepEqual([aws.images.size, server.ebs.snapshots.size], [1, 1]);
  });

  test("a larger volume grows in place and changes nothing else", async () => {
    const before = await outputs();
    await show({ page: "two", sizeGiB: 20 });
    const up = await stack.up();
    assert.deepEqual(
      up.steps.filter(({ op }) => op !== "same").map(({ op, type }) => [op, type]),
      [["update", "aws:ebs/volume:Volume"]],
    );
    assert.equal(aws.machines.volumes.get(before.data)?.args.size, 20);
    assert.deepEqual(await outputs(), before);
  });

  test("a subnet in another zone, and destroy, are refused before any change, to protect the data", async () => {
    const before = await outputs();
    aws.machines.events.length = 0;
    await show({ page: "two", sizeGiB: 20, subnetId: "subnet-1" });
    const moved = await stack.run("up", "--yes");
    assert.notEqual(moved.status, 0);
    assert.match(
      moved.text,
      /aws:ebs:Volume \(db-data\):\s+error: unable to replace resource .*\s+as it is currently marked for protection/,
    );
    const destroyed = await stack.run("destroy", "--yes");
    assert.notEqual(destroyed.status, 0);
    assert.deepEqual(aws.machines.events, []);
    assert.deepEqual([...aws.machines.volumes.keys()].sort(), [before.data, before.log].sort());
  });

  test("a subnet in the same zone replaces the instance and keeps the volumes", async () => {
    const before = await outputs();
    await show({ page: "two", sizeGiB: 20, subnetId: "subnet-2" });
    await stack.up();
    const now = await outputs();
    assert.notEqual(now.instanceId, before.instanceId);
    assert.deepEqual(
      [before.data, before.log].map((id) => aws.machines.volumes.get(id)?.at?.instance),
      [now.instanceId, now.instanceId],
    );
  });

  test("a fleet with volumes is refused with advice", async () => {
    await show({
      page: "two",
      sizeGiB: 20,
      subnetId: "subnet-2",
      more: 'new Fleet("web", { image: os, count: 2, instanceType: "t3.small", subnetIds: ["subnet-0"], volumes: { data: { sizeGiB: 1 } } });',
    });
    const up = await stack.run("up", "--yes", "--skip-preview");
    assert.notEqual(up.status, 0);
    assert.match(up.text, /fleet "web": volumes: a fleet cannot have volumes, .*create a Machine for each disk/);
  });

  test("destroy without protection leaves nothing", async () => {
    await show({ page: "two", sizeGiB: 20, subnetId: "subnet-2", protect: false });
    await stack.up();
    await stack.destroy();
    assert.deepEqual([aws.machines.instances.size, aws.machines.volumes.size, aws.images.size, server.ebs.snapshots.size], [0, 0, 0, 0]);
  });
});
