import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { defaultCacheDir } from "../../sdk/cache/location.ts";
import { makeStack, type Stack } from "../support/engine.ts";
import { GoogleServer } from "../support/gcp/google-server.ts";
import { pulumiGcp } from "../support/gcp/pulumi-gcp.ts";
import { objectsOf } from "../support/gcp/pulumi-storage.ts";
import type { Json } from "../support/gcp/schemas.ts";
import { StorageServer } from "../support/gcp/storage-server.ts";

interface Program {
  readonly page?: string;
  readonly sizeGiB?: number;
  readonly zone?: string;
  readonly protect?: boolean;
  readonly userData?: string;
  readonly secret?: string;
  readonly bucketProject?: string;
  readonly bucket?: string;
  readonly tags?: string;
  readonly more?: string;
}

/** A database machine with one volume. Its image is uploaded to an existing bucket. */
function program({
  page = "one",
  sizeGiB = 10,
  zone = "europe-west3-a",
  protect = true,
  userData = "role=db",
  secret = "1",
  bucket = "shared",
  bucketProject,
  tags = "{ team: 'data' }",
  more = "",
}: Program = {}): string {
  return `
import { debian, Image, Kernel, OnbootTask, Service, Volume } from "pulumi-linuxkit";
import { Fleet, Machine } from "pulumi-linuxkit/gcp";
const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
  volumes: [new Volume("data", { persistent: { serial: "data" } })],
  services: [new Service("db", { image: debian.packages({ packages: ["busybox-static"], files: [{ path: "page", contents: "${page}" }], command: ["busybox", "sleep", "9999"] }), binds: ["data:/data"], secrets: { key: "" } })],
});
const machine = new Machine("db", {
  image: os, instanceType: "e2-small", zone: "${zone}", bucket: "${bucket}", ${bucketProject === undefined ? "" : `bucketProject: "${bucketProject}",`} tags: ${tags},
  serviceAccount: "builder@web-prod-1.iam.gserviceaccount.com", networkTags: ["db"], userData: "${userData}", publicIp: true,
  secrets: { db: { key: "projects/p/secrets/key/versions/${secret}" } },
  volumes: { data: { sizeGiB: ${sizeGiB}, protect: ${protect} } },
});
${more}
export const instanceId = machine.instanceId;
export const data = machine.nodes.volumes.data.id;
`;
}

describe("a machine on Compute Engine and its volume, under the real engine", { timeout: 600_000 }, () => {
  let storage: StorageServer;
  let google: GoogleServer;
  let stack: Stack;
  const outputs = async () => (await stack.outputs()) as { instanceId: string; data: string };
  const show = (what: Program) => stack.write("index.js", program(what));
  const all = (collection: string): Json[] =>
    [...google.compute.resources].flatMap(([path, resource]) => (path.split("/").at(-2) === collection ? [resource] : []));
  const changed = async () =>
    (await stack.up()).steps.filter(({ op }) => op !== "same").map(({ op, type }) => `${op} ${type.split(":").at(-1)}`);

  before(async () => {
    storage = await StorageServer.start();
    google = await GoogleServer.start({ readObject: objectsOf(storage.url) });
    storage.storage.projects.set(google.project, google.projectNumber);
    storage.storage.buckets.set("shared", google.projectNumber);
    storage.storage.buckets.set("shared-too", "999");
    stack = await makeStack({
      files: { "index.js": program() },
      others: [pulumiGcp(google, storage.url)],
      config: { "gcp:project": google.project, "gcp:region": "europe-west3", "gcp:zone": "europe-west3-a" },
      env: { STORAGE_EMULATOR_HOST: storage.url, PULUMI_LINUXKIT_CACHE: defaultCacheDir() },
    });
  });
  after(async () => {
    await stack[Symbol.asyncDispose]();
    await google[Symbol.asyncDispose]();
    await storage[Symbol.asyncDispose]();
  });

  test("up starts a Shielded VM with its volume by device name and its metadata", async () => {
    await stack.up();
    const [machine] = all("instances");
    assert.deepEqual(machine.shieldedInstanceConfig, { enableSecureBoot: false, enableVtpm: true, enableIntegrityMonitoring: true });
    assert.deepEqual(machine.metadata.items.map(({ key, value }: Json) => [key, value]).sort(), [
      ["linuxkit-secrets", '{"db":{"key":"projects/p/secrets/key/versions/1"}}'],
      ["user-data", "role=db"],
    ]);
    assert.deepEqual([machine.tags.items, machine.labels.team, machine.networkInterfaces[0].nicType], [["db"], "data", "GVNIC"]);
    const data = machine.disks.find(({ deviceName }: Json) => deviceName === "data");
    assert.deepEqual([data.boot ?? false, data.autoDelete ?? false, data.mode ?? "READ_WRITE"], [false, false, "READ_WRITE"]);
    assert.ok(data.source.endsWith((await outputs()).data), data.source);
  });

  test("a second up changes nothing", async () => assert.deepEqual(await changed(), []));

  test("a changed secret reference and a larger volume update in place; changed user data replaces the machine", async () => {
    const before = await outputs();
    await show({ secret: "2", sizeGiB: 20 });
    assert.deepEqual((await changed()).sort(), ["update Disk", "update Instance"]);
    assert.deepEqual(await outputs(), before);
    await show({ secret: "2", sizeGiB: 20, userData: "role=replica" });
    assert.ok((await changed()).includes("replace Instance"));
    const now = await outputs();
    assert.notEqual(now.instanceId, before.instanceId);
    assert.equal(now.data, before.data);
  });

  test("a changed image deletes the old machine before the new one gets its volume", async () => {
    const before = await outputs();
    google.requests.length = 0;
    await show({ page: "two", secret: "2", sizeGiB: 20, userData: "role=replica" });
    const steps = (await stack.up()).steps.filter(({ type }) => type === "gcp:compute/instance:Instance").map(({ op }) => op);
    assert.deepEqual(steps, ["delete-replaced", "replace", "create-replacement"]);
    const now = await outputs();
    assert.notEqual(now.instanceId, before.instanceId);
    assert.equal(now.data, before.data);
    assert.deepEqual([all("images").length, storage.storage.list("shared").length], [1, 1]);
  });

  const refusals: readonly (readonly [what: string, change: Program, message: RegExp])[] = [
    [
      "another zone, which would replace the volume",
      { zone: "europe-west3-b" },
      /gcp:compute:Disk \(db-data\):\s+error: unable to replace resource .*\s+as it is currently marked for protection/,
    ],
    [
      "a bucket of another project",
      { bucket: "shared-too", protect: true },
      /bucket shared-too belongs to project 999, but the stack works in project 123456789012/,
    ],
    ["a tag that is not a valid label", { tags: "{ Team: 'data' }" }, /tags: got the key "Team", wanted at most 63 lower-case letters/],
    [
      "a secret that no service names",
      {
        more: 'new Machine("other", { image: os, instanceType: "e2-small", secrets: { db: { kay: "projects/p/secrets/k/versions/1" } } });',
      },
      /"other": secrets\.db\.kay: got "kay", which is not a secret of the service db/,
    ],
    [
      "a secret value instead of a reference",
      { more: 'new Machine("other", { image: os, instanceType: "e2-small", secrets: { db: { key: "hunter2" } } });' },
      /secrets\.db\.key: got text that is not a reference, wanted projects\/PROJECT/,
    ],
    [
      "a volume that the image does not declare",
      { more: 'new Machine("other", { image: os, instanceType: "e2-small", volumes: { log: { sizeGiB: 1 } } });' },
      /machine "other": volumes\.log: no volume of the image has persistent: \{ serial: "log" \}/,
    ],
    [
      "a fleet with volumes",
      { more: 'new Fleet("web", { image: os, count: 2, instanceType: "e2-small", volumes: { data: { sizeGiB: 1 } } });' },
      /fleet "web": volumes: a fleet cannot have volumes, .*create a Machine for each disk/,
    ],
  ];
  for (const [what, change, message] of refusals) {
    test(`refuses ${what}`, async () => {
      await show({ page: "two", secret: "2", sizeGiB: 20, userData: "role=replica", ...change });
      const up = await stack.run("up", "--yes", "--skip-preview");
      assert.notEqual(up.status, 0);
      assert.match(up.text, message);
      assert.equal(all("instances").length, 1);
    });
  }

  test("destroy without protection leaves only the bucket", async () => {
    await show({ page: "two", secret: "2", sizeGiB: 20, userData: "role=replica", protect: false });
    await stack.up();
    await stack.destroy();
    assert.deepEqual(
      [google.compute.resources.size, storage.storage.objects.size, [...storage.storage.buckets.keys()]],
      [0, 0, ["shared", "shared-too"]],
    );
  });
});
