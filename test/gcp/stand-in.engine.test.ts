import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { makeStack, type Stack } from "../support/engine.ts";
import { fakeGcs } from "../support/gcp/fake-gcs.ts";
import { GoogleServer } from "../support/gcp/google-server.ts";
import { ImageArchives } from "../support/gcp/image-archives.ts";
import { pulumiGcp } from "../support/gcp/pulumi-gcp.ts";
import { objectsOf } from "../support/gcp/pulumi-storage.ts";
import type { Json } from "../support/gcp/schemas.ts";

const PROGRAM = `
import { Bucket } from "@pulumi/gcp/storage/bucket.js";
import { Image } from "@pulumi/gcp/compute/image.js";
import { Disk } from "@pulumi/gcp/compute/disk.js";
import { AttachedDisk } from "@pulumi/gcp/compute/attachedDisk.js";
import { Instance } from "@pulumi/gcp/compute/instance.js";
import { InstanceTemplate } from "@pulumi/gcp/compute/instanceTemplate.js";
import { HealthCheck } from "@pulumi/gcp/compute/healthCheck.js";
import { RegionInstanceGroupManager } from "@pulumi/gcp/compute/regionInstanceGroupManager.js";
import { getProjectOutput } from "@pulumi/gcp/organizations/getProject.js";
import { Config } from "@pulumi/pulumi/config.js";

const given = new Config().requireObject("given");
new Bucket("own", { location: "EU", uniformBucketLevelAccess: true });
const image = new Image("os", { rawDisk: { source: "https://storage.googleapis.com/images/" + given.object }, guestOsFeatures: [{ type: "UEFI_COMPATIBLE" }, { type: "GVNIC" }], labels: given.labels });
const networkInterfaces = [{ network: "default", accessConfigs: [{}] }];
const template = new InstanceTemplate("web", { machineType: "e2-small", disks: [{ boot: true, sourceImage: image.selfLink }], networkInterfaces, metadata: { page: given.page } });
const check = new HealthCheck("alive", { httpHealthCheck: { port: 8080, requestPath: "/healthz" } });
const group = new RegionInstanceGroupManager("web", {
  baseInstanceName: "web", targetSize: 2, versions: [{ instanceTemplate: template.selfLinkUnique }], waitForInstances: true, waitForInstancesStatus: "UPDATED",
  autoHealingPolicies: { healthCheck: check.id, initialDelaySec: 60 },
  updatePolicy: { type: "PROACTIVE", minimalAction: "REPLACE", maxSurgeFixed: given.surge, maxUnavailableFixed: 0 },
});
const data = new Disk("data", { size: given.gib, type: "pd-balanced" });
const machine = new Instance("one", { machineType: given.machineType ?? "e2-small", bootDisk: { initializeParams: { image: image.selfLink } }, networkInterfaces, metadata: { page: given.page } }, { ignoreChanges: ["attachedDisks"] });
new AttachedDisk("data", { disk: data.id, instance: machine.id, deviceName: "data" }, { deleteBeforeReplace: true });
export const group_ = group.id;
export const address = machine.networkInterfaces[0].accessConfigs[0].natIp;
export const number = getProjectOutput().number;
`;

describe("the stand-in of Pulumi's Google Cloud provider, under the real engine", { timeout: 600_000 }, () => {
  let archives: ImageArchives;
  let storage: Awaited<ReturnType<typeof fakeGcs>>;
  let server: GoogleServer;
  let stack: Stack;
  let good: Json = { object: "one.tar.gz", labels: { page: "one" }, page: "one", surge: 3, gib: 10 };
  /** Changes the program for this test and those after it. */
  const keep = (given: Json) => give((good = { ...good, ...given }));
  const give = (given: Json) => stack.must("config", "set", "given", JSON.stringify({ ...good, ...given }));
  const names = (collection: string): string[] => server.compute.list("projects", collection).map(({ name }) => name);
  const group = async (): Promise<Json[]> => [...(server.rollout.groups.get((await stack.outputs()).group_ as string) ?? [])];
  const upload = async (object: string) => {
    const bytes: Uint8Array[] = [];
    for await (const chunk of (await archives.readObject("images", object)) ?? []) bytes.push(chunk);
    await fetch(`${storage.url}/upload/storage/v1/b/images/o?uploadType=media&name=${object}`, {
      method: "POST",
      body: Buffer.concat(bytes),
    });
  };

  before(async () => {
    archives = await ImageArchives.make({ "one.tar.gz": {}, "two.tar.gz": { size: 2 * 2 ** 30 }, "half.tar.gz": { size: 2 ** 29 } });
    storage = await fakeGcs();
    await fetch(`${storage.url}/storage/v1/b?project=p`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "images" }),
    });
    for (const object of ["one.tar.gz", "two.tar.gz", "half.tar.gz"]) await upload(object);
    server = await GoogleServer.start({ readObject: objectsOf(storage.url) });
    stack = await makeStack({
      files: { "index.js": PROGRAM },
      others: [pulumiGcp(server, storage.url)],
      config: { "gcp:project": server.project, "gcp:region": "europe-west3" },
    });
    await give({});
  });
  after(async () => {
    await stack[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
    await storage[Symbol.asyncDispose]();
    await archives[Symbol.asyncDispose]();
  });

  test("up creates everything, and a second up changes nothing", async () => {
    await stack.up();
    assert.equal((await stack.outputs()).number, server.projectNumber);
    assert.match(String((await stack.outputs()).address), /^203\.0\.113\./);
    assert.ok((await group()).every(({ action, healthy }) => action === "NONE" && healthy));
    assert.deepEqual(
      server.compute
        .list("projects", "disks")
        .map(({ sizeGb, users }) => [sizeGb, users.length])
        .sort(),
      [
        ["1", 1],
        ["10", 1],
      ],
    );
    assert.deepEqual([...new Set((await stack.up()).steps.map(({ op }) => op))], ["same"]);
  });
  test("labels, metadata and a larger disk change in place, and a changed template rolls the group", async () => {
    const [image] = names("images");
    const [template] = names("instanceTemplates");
    await keep({ labels: { page: "two" }, page: "two", gib: 20 });
    await stack.up();
    assert.deepEqual(names("images"), [image]);
    assert.notEqual(names("instanceTemplates")[0], template);
    assert.ok((await group()).every((machine) => machine.template.endsWith(`/${names("instanceTemplates")[0]}`)));
    assert.ok(server.compute.list("projects", "disks").some(({ sizeGb }) => sizeGb === "20"));
  });
  test("a changed image replaces image, template and machine", async () => {
    const before = names("images");
    await keep({ object: "two.tar.gz" });
    await stack.up();
    assert.equal(names("images").length, 1);
    assert.notDeepEqual(names("images"), before);
  });
  const refused: readonly (readonly [what: string, given: Json, why: RegExp])[] = [
    ["an archive with half a GiB", { object: "half.tar.gz" }, /disk\.raw has 536870912 bytes/],
    ["a surge of one", { surge: 1 }, /googleapi: Error 400: .*at least equal to the number of zones/],
    ["a changed machine type without allowStoppingForUpdate", { machineType: "e2-medium" }, /allow_stopping_for_update/],
    ["a digest as a label", { labels: { page: "sha256:0" } }, /Label value/],
  ];
  for (const [what, given, why] of refused) {
    test(`refused: ${what}`, async () => {
      await give(given);
      const { status, text } = await stack.run("up", "--yes", "--skip-preview");
      assert.notEqual(status, 0);
      assert.match(text, why);
    });
  }
  test("the preview shows that a smaller disk replaces the disk", async () => {
    await give({ gib: 5 });
    const { steps } = await stack.preview();
    assert.ok(
      steps.some(({ op, urn }) => op === "replace" && urn.endsWith("compute/disk:Disk::data")),
      JSON.stringify(steps.map(({ op, urn }) => [op, urn])),
    );
  });
  test("destroy leaves nothing", async () => {
    await give({});
    await stack.destroy();
    assert.equal(server.compute.resources.size, 0, [...server.compute.resources.keys()].join());
  });
});
