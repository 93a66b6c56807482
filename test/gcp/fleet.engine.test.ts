import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gcpGate } from "../../providers/gcp/gcp-gate.ts";
import { gcpUpload } from "../../providers/gcp/gcp-upload.ts";
import { rolloutGate } from "../../providers/rollout-gate.ts";
import { defaultCacheDir } from "../../sdk/cache/location.ts";
import type { Provider } from "../../sdk/plugin/provider.ts";
import { builder } from "../../sdk/resource/image-build-type.ts";
import { imageBuildType } from "../../sdk/resource/image-build-verbs.ts";
import { makeStack, type Stack } from "../support/engine.ts";
import { GoogleServer } from "../support/gcp/google-server.ts";
import { pulumiGcp } from "../support/gcp/pulumi-gcp.ts";
import { objectsOf } from "../support/gcp/pulumi-storage.ts";
import { StorageServer } from "../support/gcp/storage-server.ts";
import { until } from "../support/until.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/gcp-fleet", import.meta.url));

describe("a fleet on Google Cloud, under the real engine", { timeout: 900_000 }, () => {
  let storage: StorageServer;
  let google: GoogleServer;
  let stack: Stack;
  let cacheDir = defaultCacheDir();
  let home: string;
  let uploads = gcpUpload(cacheDir);
  const provider: Provider = {
    name: "linuxkit",
    version: "0.1.0",
    config: { debianMirror: "" },
    types: {
      "linuxkit:index:ImageBuild": async () => imageBuildType(builder, cacheDir),
      "linuxkit:index:GcpUpload": async () => uploads,
      "linuxkit:index:RolloutGate": async () => rolloutGate({ gcp: async () => gcpGate(undefined, 0.05) }),
    },
  };
  const show = (page: string) => stack.must("config", "set", "page", page);
  const outputs = async () => (await stack.outputs()) as { groupName: string; version: string; imageId: string; bucketName: string };
  const all = (collection: string) => [...google.compute.resources.keys()].filter((path) => path.split("/").at(-2) === collection);
  /** The template of each machine of the one group. */
  const templates = () => [...google.rollout.groups.values()].flatMap((machines) => machines.map(({ template }) => template.split("/").at(-1)));

  before(async () => {
    home = await mkdtemp(join(tmpdir(), "fleet-"));
    storage = await StorageServer.start();
    google = await GoogleServer.start({ readObject: objectsOf(storage.url) });
    storage.storage.projects.set(google.project, google.projectNumber);
    Object.assign(process.env, { STORAGE_EMULATOR_HOST: storage.url, GOOGLE_COMPUTE_CUSTOM_ENDPOINT: `${google.url}/compute/v1/` });
    const config = { "gcp:project": google.project, "gcp:region": "europe-west3", "gcp:accessToken": `secret:${google.accounts.mint(google.email)}` };
    stack = await makeStack({ folder: EXAMPLE, provider, others: [pulumiGcp(google, storage.url)], config });
    await show("one");
  });
  after(async () => {
    await stack[Symbol.asyncDispose]();
    await google[Symbol.asyncDispose]();
    await storage[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  });

  test("up: the image is uploaded and registered, the group runs it", async () => {
    const up = await stack.up();
    const { version, imageId, bucketName } = await outputs();
    const [object] = storage.storage.list(bucketName);
    assert.match(object?.name ?? "", /^[0-9a-f]{64}\.tar\.gz$/);
    const image = google.compute.get(all("images")[0] as string);
    assert.ok(imageId.endsWith(`/global/images/${image.name}`), imageId);
    assert.deepEqual([image.status, image.guestOsFeatures.map(({ type }: { type: string }) => type)], ["READY", ["UEFI_COMPATIBLE", "GVNIC", "VIRTIO_SCSI_MULTIQUEUE"]]);
    assert.match(image.labels["linuxkit-build"], /^[0-9a-f]{63}$/);
    assert.deepEqual(templates(), [version, version]);
    assert.ok(up.lines("kept").some((line) => /gs:\/\/\S+ is complete: [\d.]+ MB in \d+ s \([\d.]+ MB\/s\)/.test(line)), up.text);
    assert.ok(up.lines("kept").some((line) => line.includes("2 of 2 machines run the new image")), up.text);
    // the token of the stack's configuration is a secret of ours too
    assert.ok(!(await stack.stateText()).includes([...google.accounts.tokens.keys()][0] as string));
  });

  test("up again: nothing happens", async () => {
    storage.requests.length = 0;
    const up = await stack.up();
    assert.deepEqual([...new Set(up.steps.map(({ op }) => op))], ["same"]);
    assert.equal(storage.bytesPut, 0);
  });

  test("another page, on a machine with an empty cache: the preview names it, machines are replaced one after the other", async () => {
    cacheDir = join(home, "cache");
    uploads = gcpUpload(cacheDir);
    const before = await outputs();
    await show("two");
    const preview = await stack.preview();
    assert.match(preview.text, /contents\s*: "one" => "two"/);
    const up = await stack.up();
    const now = await outputs();
    assert.notEqual(now.imageId, before.imageId);
    assert.deepEqual(templates(), [now.version, now.version]);
    assert.ok(up.lines("kept").some((line) => line.includes("1 of 2 machines run the new image")), up.text);
    assert.deepEqual([all("images").length, all("instanceTemplates").length, storage.storage.list(now.bucketName).length], [1, 1, 1]);
  });

  test("machines that do not become healthy: the old image comes back, the update fails and says why", async () => {
    const before = await outputs();
    google.rollout.sick = (template) => template !== before.version;
    await show("sick");
    const up = await stack.run("up", "--yes", "--skip-preview");
    assert.notEqual(up.status, 0);
    assert.match(up.text, /the rollout of "web" failed with 0 of 2 machines on the new image: web-\w+ failed its health check and was made anew; the old image is back, nothing of the new one runs/);
    assert.deepEqual(templates(), [before.version, before.version]);
    assert.equal(all("images").length, 2);
    // the same once more is tried once more, though the group's own resource has no change
    const again = await stack.run("up", "--yes", "--skip-preview");
    assert.notEqual(again.status, 0);
    assert.match(again.text, /failed its health check/);
    google.rollout.sick = () => false;
    // back to what runs: the same bytes under the same name, which the removal of the former ones leaves alone
    await show("two");
    await stack.up();
    const now = await outputs();
    assert.deepEqual(templates(), [now.version, now.version]);
    assert.deepEqual([all("images").length, all("instanceTemplates").length, storage.storage.list(now.bucketName).length], [1, 1, 1]);
  });

  test("Ctrl-C in mid-upload: neither session nor object is left", async () => {
    await show("three");
    storage.requests.length = 0;
    storage.fault = (action) => (action === "put" ? { delayMs: 1000 } : undefined);
    const operation = stack.start("up", "--yes", "--skip-preview");
    await until(() => storage.storage.open.length > 0);
    operation.interrupt();
    const outcome = await operation.outcome;
    storage.fault = undefined;
    assert.notEqual(outcome.status, 0);
    assert.deepEqual([storage.storage.open.length, storage.storage.objects.size], [0, 1]);
    assert.deepEqual(await readdir(join(cacheDir, "uploads")), []);
  });

  test("Ctrl-C in the middle of a rollout: the old image comes back", async () => {
    const before = await outputs();
    google.rollout.sick = (template) => template !== before.version;
    const operation = stack.start("up", "--yes", "--skip-preview");
    await until(() => templates().some((template) => template !== before.version));
    operation.interrupt();
    const outcome = await operation.outcome;
    google.rollout.sick = () => false;
    assert.notEqual(outcome.status, 0);
    assert.deepEqual(templates(), [before.version, before.version], outcome.text);
  });

  test("refresh after the image was removed by hand: up registers it again, without an upload", async () => {
    await show("two");
    await stack.up();
    google.compute.resources.delete(all("images")[0] as string);
    await stack.refresh();
    storage.requests.length = 0;
    await stack.up();
    assert.deepEqual([all("images").length, storage.bytesPut], [1, 0]);
  });

  test("destroy: nothing is left", async () => {
    await stack.destroy();
    assert.deepEqual([storage.storage.buckets.size, storage.storage.objects.size, google.compute.resources.size, google.rollout.groups.size], [0, 0, 0, 0], [...google.compute.resources.keys()].join());
  });
});
