import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ComputeClient } from "../support/gcp/compute-client.ts";
import { GoogleServer } from "../support/gcp/google-server.ts";
import { ImageArchives } from "../support/gcp/image-archives.ts";
import type { Json } from "../support/gcp/schemas.ts";

const raw = (object: string) => ({ rawDisk: { source: `https://storage.googleapis.com/images/${object}` } });
const features = (...types: string[]) => types.map((type) => ({ type }));
const nic = [{ network: "global/networks/default" }];
const boot = (image: string, type?: string, diskSizeGb?: string) => [
  {
    boot: true,
    autoDelete: true,
    initializeParams: {
      sourceImage: `global/images/${image}`,
      ...(type !== undefined && { diskType: `zones/europe-west3-a/diskTypes/${type}` }),
      ...(diskSizeGb !== undefined && { diskSizeGb }),
    },
  },
];
const template = (image: string, name: string): Json => ({
  name,
  properties: { machineType: "e2-small", disks: boot(image), networkInterfaces: nic },
});

describe("the stand-in of Compute Engine", () => {
  let archives: ImageArchives;
  let server: GoogleServer;
  let google: ComputeClient;

  before(async () => {
    archives = await ImageArchives.make({
      "good.tar.gz": {},
      "half.tar.gz": { size: 1.5 * 2 ** 30 },
      "name.tar.gz": { member: "disk.img" },
      "pax.tar.gz": { format: "pax" },
      "two.tar.gz": { beside: true },
      "bare.tar.gz": { packed: false },
    });
    server = await GoogleServer.start({ readObject: archives.readObject });
    google = new ComputeClient(server);
    await google.must("POST", "global/images", {
      name: "os-1",
      ...raw("good.tar.gz"),
      guestOsFeatures: features("UEFI_COMPATIBLE", "GVNIC"),
      family: "os",
    });
    await google.must("POST", "global/images", { name: "plain", ...raw("good.tar.gz") });
    await google.must("POST", "global/healthChecks", {
      name: "alive",
      type: "HTTP",
      httpHealthCheck: { port: 8080, requestPath: "/healthz" },
    });
    for (const name of ["t1", "t2", "t3"]) await google.must("POST", "global/instanceTemplates", template("os-1", name));
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await archives[Symbol.asyncDispose]();
  });

  const rows: readonly (readonly [what: string, method: string, path: string, body: Json, refused: RegExp | undefined])[] = [
    ["an image", "POST", "global/images", { name: "a", ...raw("good.tar.gz"), labels: { digest: "0123abc" } }, undefined],
    ["an image with 1.5 GiB", "POST", "global/images", { name: "c", ...raw("half.tar.gz") }, /^400 .*not a multiple of 1 GB/],
    [
      "an image from an archive with another file name",
      "POST",
      "global/images",
      { name: "c", ...raw("name.tar.gz") },
      /^400 .*disk\.img, not disk\.raw/,
    ],
    ["an image from a pax archive", "POST", "global/images", { name: "c", ...raw("pax.tar.gz") }, /^400 .*old GNU format/],
    [
      "an image from an archive with two files",
      "POST",
      "global/images",
      { name: "c", ...raw("two.tar.gz") },
      /^400 .*more than one member/,
    ],
    ["an image from an uncompressed tar", "POST", "global/images", { name: "c", ...raw("bare.tar.gz") }, /^400 .*header/],
    ["an image from a missing object", "POST", "global/images", { name: "c", ...raw("missing.tar.gz") }, /^404 .*gs:\/\/images\/missing/],
    [
      "an image from a gs:// URL",
      "POST",
      "global/images",
      { name: "c", rawDisk: { source: "gs://images/good.tar.gz" } },
      /not a supported file/,
    ],
    [
      "an image with an unknown feature",
      "POST",
      "global/images",
      { name: "c", ...raw("good.tar.gz"), guestOsFeatures: features("UEFI") },
      /^400 Invalid value at 'resource\.guestOsFeatures\[0\]\.type'/,
    ],
    [
      "an image with an unknown field",
      "POST",
      "global/images",
      { name: "c", ...raw("good.tar.gz"), arch: "ARM64" },
      /^400 .*Unknown name "arch"/,
    ],
    [
      "an image with a digest as a label",
      "POST",
      "global/images",
      { name: "c", ...raw("good.tar.gz"), labels: { digest: `sha256:${"0".repeat(64)}` } },
      /^400 .*Label value/,
    ],
    ["an image with an upper-case name", "POST", "global/images", { name: "C", ...raw("good.tar.gz") }, /^400 .*regex/],
    [
      "an image with keys but without UEFI",
      "POST",
      "global/images",
      { name: "c", ...raw("good.tar.gz"), shieldedInstanceInitialState: { pk: { content: "AAAA" } } },
      /UEFI-compatible/,
    ],
    ["an image that exists", "POST", "global/images", { name: "os-1", ...raw("good.tar.gz") }, /^409 .*already exists/],
    ["labels with an old fingerprint", "POST", "global/images/os-1/setLabels", { labels: {}, labelFingerprint: "AAAA" }, /^412 /],
    [
      "a machine",
      "POST",
      "zones/europe-west3-a/instances",
      { name: "m", machineType: "zones/europe-west3-a/machineTypes/e2-small", disks: boot("os-1"), networkInterfaces: nic },
      undefined,
    ],
    [
      "a machine with the newest image of a family",
      "POST",
      "zones/europe-west3-a/instances",
      { name: "n", machineType: "zones/europe-west3-a/machineTypes/e2-small", disks: boot("family/os"), networkInterfaces: nic },
      undefined,
    ],
    [
      "a machine with a missing image",
      "POST",
      "zones/europe-west3-a/instances",
      { name: "o", machineType: "zones/europe-west3-a/machineTypes/e2-small", disks: boot("gone"), networkInterfaces: nic },
      /referenced resource does not exist/,
    ],
    [
      "an ARM machine with an x86 image",
      "POST",
      "zones/europe-west3-a/instances",
      { name: "o", machineType: "zones/europe-west3-a/machineTypes/t2a-standard-1", disks: boot("os-1"), networkInterfaces: nic },
      /instruction set architecture/,
    ],
    [
      "a machine type without persistent disks, with the default disk type",
      "POST",
      "zones/europe-west3-a/instances",
      { name: "o", machineType: "zones/europe-west3-a/machineTypes/n4-standard-2", disks: boot("os-1"), networkInterfaces: nic },
      /pd-standard.*not compatible/,
    ],
    [
      "a machine type without the standard persistent disk, with the default disk type",
      "POST",
      "zones/europe-west3-a/instances",
      { name: "o", machineType: "zones/europe-west3-a/machineTypes/c3-standard-4", disks: boot("os-1"), networkInterfaces: nic },
      /pd-standard.*not compatible/,
    ],
    [
      "a Hyperdisk of the image's size, 1 GB",
      "POST",
      "zones/europe-west3-a/instances",
      {
        name: "o",
        machineType: "zones/europe-west3-a/machineTypes/n4-standard-2",
        disks: boot("os-1", "hyperdisk-balanced"),
        networkInterfaces: nic,
      },
      /too small/,
    ],
    [
      "a Hyperdisk of 10 GB on a machine type that has it",
      "POST",
      "zones/europe-west3-a/instances",
      {
        name: "hyper",
        machineType: "zones/europe-west3-a/machineTypes/n4-standard-2",
        disks: boot("os-1", "hyperdisk-balanced", "10"),
        networkInterfaces: nic,
      },
      undefined,
    ],
    ["a change of an image's architecture", "PATCH", "global/images/os-1", { architecture: "ARM64" }, /cannot be changed/],
    [
      "a machine type that needs gVNIC, with an image without it",
      "POST",
      "zones/europe-west3-a/instances",
      {
        name: "o",
        machineType: "zones/europe-west3-a/machineTypes/c3-standard-4",
        disks: boot("plain", "pd-balanced"),
        networkInterfaces: nic,
      },
      /gVNIC/,
    ],
    [
      "a machine with a vTPM but without UEFI",
      "POST",
      "zones/europe-west3-a/instances",
      {
        name: "o",
        machineType: "zones/europe-west3-a/machineTypes/e2-small",
        disks: boot("plain"),
        networkInterfaces: nic,
        shieldedInstanceConfig: { enableVtpm: true },
      },
      /UEFI-compatible/,
    ],
    [
      "a machine over the quota",
      "POST",
      "zones/europe-west3-a/instances",
      { name: "o", machineType: "zones/europe-west3-a/machineTypes/e2-standard-32", disks: boot("os-1"), networkInterfaces: nic },
      /^403 Quota 'CPUS' exceeded/,
    ],
    [
      "a machine without a network",
      "POST",
      "zones/europe-west3-a/instances",
      { name: "o", machineType: "zones/europe-west3-a/machineTypes/e2-small", disks: boot("os-1"), networkInterfaces: [] },
      /network interface/,
    ],
    ["deleting a disk in use", "DELETE", "zones/europe-west3-a/disks/m", undefined, /^400 .*already being used by .*instances\/m/],
    [
      "a group with a surge below its number of zones",
      "POST",
      "regions/europe-west3/instanceGroupManagers",
      {
        name: "g",
        targetSize: 2,
        instanceTemplate: "global/instanceTemplates/t1",
        updatePolicy: { maxSurge: { fixed: 1 }, maxUnavailable: { fixed: 0 } },
      },
      /at least equal to the number of zones/,
    ],
    [
      "a small group with a percentage",
      "POST",
      "regions/europe-west3/instanceGroupManagers",
      {
        name: "g",
        targetSize: 2,
        instanceTemplate: "global/instanceTemplates/t1",
        updatePolicy: { maxSurge: { percent: 50 }, maxUnavailable: { fixed: 0 } },
      },
      /at least 10 instances/,
    ],
    [
      "a group without surge and unavailability",
      "POST",
      "regions/europe-west3/instanceGroupManagers",
      {
        name: "g",
        targetSize: 2,
        instanceTemplate: "global/instanceTemplates/t1",
        updatePolicy: { maxSurge: { fixed: 0 }, maxUnavailable: { fixed: 0 } },
      },
      /must not both be 0/,
    ],
    [
      "a group with a missing template",
      "POST",
      "regions/europe-west3/instanceGroupManagers",
      { name: "g", targetSize: 2, instanceTemplate: "global/instanceTemplates/t9" },
      /referenced resource does not exist/,
    ],
    [
      "a group with a field of the beta API",
      "POST",
      "regions/europe-west3/instanceGroupManagers",
      { name: "g", targetSize: 2, instanceTemplate: "global/instanceTemplates/t1", updatePolicy: { minReadySec: 5 } },
      /Unknown name "minReadySec"/,
    ],
  ];
  for (const [what, method, path, body, refused] of rows) {
    test(`${refused === undefined ? "accepts" : "refuses"} ${what}`, async () => {
      const got = await google.refusal(method, path, body);
      if (refused === undefined) assert.equal(got, undefined);
      else assert.match(got ?? "it was accepted", refused);
    });
  }

  test("an image is ready only after its operation", async () => {
    const { body } = await google.ask("POST", "global/images", { name: "slow", ...raw("good.tar.gz") });
    assert.equal(body.status, "PENDING");
    assert.match((await google.refusal("POST", "global/instanceTemplates", template("slow", "early"))) ?? "", /is not ready/);
    await google.must("GET", body.selfLink.replace(/^.*\/compute\/v1\//, ""));
    const image = (await google.ask("GET", "global/images/slow")).body;
    assert.deepEqual([image.status, image.diskSizeGb, image.architecture], ["READY", "1", "X86_64"]);
  });

  test("a repeated request takes effect once", async () => {
    const again = "?requestId=11111111-2222-3333-4444-555555555555";
    const both = await Promise.all([1, 2].map(() => google.ask("POST", `global/images${again}`, { name: "once", ...raw("good.tar.gz") })));
    assert.equal(both[0]?.body.name, both[1]?.body.name);
    assert.equal((await google.ask("POST", "global/images?requestId=1", { name: "x" })).status, 400);
  });

  test("lists have pages and filters", async () => {
    const first = (await google.ask("GET", "global/images?maxResults=1")).body;
    assert.equal(first.items.length, 1);
    const rest = (await google.ask("GET", `global/images?pageToken=${first.nextPageToken}`)).body;
    assert.ok(!rest.items.some(({ name }: Json) => name === first.items[0].name));
    assert.deepEqual(
      (await google.ask("GET", 'global/images?filter=labels.digest="0123abc"')).body.items.map(({ name }: Json) => name),
      ["a"],
    );
    assert.equal((await google.ask("GET", "global/images?filter=name")).status, 400);
  });

  describe("a group", () => {
    const path = "regions/europe-west3/instanceGroupManagers/web";
    const machines = async (): Promise<Json[]> => (await google.ask("POST", `${path}/listManagedInstances`)).body.managedInstances;
    const templates = async () => (await machines()).map(({ version }) => version.instanceTemplate.split("/").at(-1)).sort();
    /** Polls the group until it is stable, at most `polls` times. @returns the least number of available machines seen */
    const settle = async (polls = 40): Promise<number> => {
      let least = Number.POSITIVE_INFINITY;
      for (let poll = 0; poll < polls; poll++) {
        const { status, currentActions } = (await google.ask("GET", path)).body;
        least = Math.min(least, currentActions.none);
        if (status.isStable) break;
      }
      return least;
    };

    before(async () => {
      server.rollout.isUnhealthy = (name) => name === "t3";
      await google.must("POST", "regions/europe-west3/instanceGroupManagers", {
        name: "web",
        baseInstanceName: "web",
        targetSize: 3,
        versions: [{ instanceTemplate: "global/instanceTemplates/t1" }],
        autoHealingPolicies: [{ healthCheck: "global/healthChecks/alive", initialDelaySec: 60 }],
        updatePolicy: { type: "PROACTIVE", minimalAction: "REPLACE", maxSurge: { fixed: 3 }, maxUnavailable: { fixed: 0 } },
      });
      await settle();
    });
    test("has one healthy machine in each zone", async () => {
      const all = await machines();
      assert.deepEqual(all.map(({ instance }) => instance.split("/").at(-3)).sort(), [
        "europe-west3-a",
        "europe-west3-b",
        "europe-west3-c",
      ]);
      assert.ok(
        all.every(({ currentAction, instanceHealth }) => currentAction === "NONE" && instanceHealth[0].detailedHealthState === "HEALTHY"),
      );
    });
    test("rolls to another template and never has too few machines", async () => {
      await google.must("PATCH", path, { versions: [{ instanceTemplate: "global/instanceTemplates/t2" }] });
      assert.equal((await google.ask("GET", path)).body.status.versionTarget.isReached, false);
      assert.ok((await settle()) >= 3);
      assert.deepEqual(await templates(), ["t2", "t2", "t2"]);
      assert.equal((await google.ask("GET", path)).body.status.versionTarget.isReached, true);
    });
    test("stops a rollout while new machines stay unhealthy, and returns to the old template on request", async () => {
      await google.must("PATCH", path, { versions: [{ instanceTemplate: "global/instanceTemplates/t3" }] });
      assert.equal(await settle(20), 3);
      assert.deepEqual(await templates(), ["t2", "t2", "t2", "t3", "t3", "t3"]);
      await google.must("PATCH", path, { versions: [{ instanceTemplate: "global/instanceTemplates/t2" }] });
      await settle();
      assert.deepEqual(await templates(), ["t2", "t2", "t2"]);
    });
    test("starts one machine of a canary's template", async () => {
      await google.must("PATCH", path, {
        versions: [
          { instanceTemplate: "global/instanceTemplates/t2" },
          { instanceTemplate: "global/instanceTemplates/t1", targetSize: { fixed: 1 } },
        ],
      });
      await settle();
      assert.deepEqual(await templates(), ["t1", "t2", "t2"]);
      await google.must("PATCH", path, { versions: [{ instanceTemplate: "global/instanceTemplates/t2" }] });
      await settle();
    });
    test("reports that machines of a deleted image cannot start", async () => {
      await google.must("POST", "global/images", { name: "fleeting", ...raw("good.tar.gz") });
      await google.must("POST", "global/instanceTemplates", template("fleeting", "t4"));
      await google.must("DELETE", "global/images/fleeting");
      await google.must("PATCH", path, { versions: [{ instanceTemplate: "global/instanceTemplates/t4" }] });
      await settle(5);
      assert.match((await google.ask("GET", `${path}/listErrors`)).body.items[0].error.message, /referenced resource does not exist/);
      await google.must("PATCH", path, { versions: [{ instanceTemplate: "global/instanceTemplates/t2" }] });
      await settle();
    });
    test("keeps its template and health check from deletion, and refuses changes with an old fingerprint", async () => {
      assert.match(
        (await google.refusal("DELETE", "global/instanceTemplates/t2")) ?? "",
        /already being used by .*instanceGroupManagers\/web/,
      );
      assert.match((await google.refusal("DELETE", "global/healthChecks/alive")) ?? "", /already being used by/);
      assert.match((await google.refusal("PATCH", path, { fingerprint: "AAAA", targetSize: 4 })) ?? "", /^412 /);
    });
    test("shrinks and can be deleted", async () => {
      await google.must("POST", `${path}/resize?size=1`);
      await settle();
      assert.equal((await machines()).length, 1);
      await google.must("DELETE", path);
      assert.deepEqual((await google.ask("GET", "aggregated/instances?filter=name:web")).body.items, {});
      await google.must("DELETE", "global/instanceTemplates/t2");
    });
  });
});
