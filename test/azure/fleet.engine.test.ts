import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { azureGate } from "../../providers/azure/azure-gate.ts";
import { azureUpload } from "../../providers/azure/azure-upload.ts";
import { rolloutGate } from "../../providers/rollout-gate.ts";
import { defaultCacheDir } from "../../sdk/cache/location.ts";
import type { Provider } from "../../sdk/plugin/provider.ts";
import { builder } from "../../sdk/resource/image-build-type.ts";
import { imageBuildType } from "../../sdk/resource/image-build-verbs.ts";
import type { AzureServer } from "../support/azure/azure-server.ts";
import { AzureWorkshop } from "../support/azure/azure-workshop.ts";
import { type Certificate, makeCertificate, trust } from "../support/azure/certificate.ts";
import { pulumiAzure } from "../support/azure/pulumi-azure.ts";
import { makeStack, type Stack } from "../support/engine.ts";
import { until } from "../support/until.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/azure-fleet", import.meta.url));
const [DISKS, VERSIONS, SETS] = ["disks", "galleries/images/versions", "virtualMachineScaleSets"].map((type) => `Microsoft.Compute/${type}`) as [string, string, string];

describe("a fleet on Azure, under the real engine", { timeout: 900_000 }, () => {
  let certificate: Certificate;
  let azure: AzureWorkshop;
  let server: AzureServer;
  let stack: Stack;
  let cacheDir = defaultCacheDir();
  let home: string;
  let uploads = azureUpload(cacheDir);
  const provider: Provider = {
    name: "linuxkit",
    version: "0.1.0",
    config: { debianMirror: "" },
    types: {
      "linuxkit:index:ImageBuild": async () => imageBuildType(builder, cacheDir),
      "linuxkit:index:AzureUpload": async () => uploads,
      "linuxkit:index:RolloutGate": async () => rolloutGate({ azure: async () => azureGate(0.05) }),
    },
  };
  const show = (page: string) => stack.must("config", "set", "page", page);
  const names = (type: string) => server.arm.of(type).map(({ name }) => name);
  const states = () => server.arm.of(DISKS).map((disk) => server.disks.stateOf(disk));
  const outputs = async () => (await stack.outputs()) as { groupName: string; version: string; imageId: string; diskName: string };
  /** The number of the image that each machine runs. */
  const runs = () => server.arm.of(SETS).flatMap((set) => server.scaleSets.of(set).instances.map(({ image }) => image.split("/").at(-1)));

  before(async () => {
    home = await mkdtemp(join(tmpdir(), "fleet-"));
    certificate = await makeCertificate();
    trust(certificate);
    azure = await AzureWorkshop.start({ certificate });
    ({ server } = azure);
    Object.assign(process.env, server.environment);
    stack = await makeStack({ folder: EXAMPLE, provider, others: [pulumiAzure(server)], config: { "azure-native:location": "westeurope" } });
    await stack.must("config", "set", "resourceGroupName", "rg");
    await stack.must("config", "set", "subnetId", await azure.subnet());
    await show("one");
  });
  after(async () => {
    await stack[Symbol.asyncDispose]();
    await azure[Symbol.asyncDispose]();
    await certificate[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  });

  test("up: the image is uploaded and versioned, the scale set runs it", async () => {
    const up = await stack.up();
    const { diskName, version } = await outputs();
    assert.deepEqual([names(DISKS), states(), names(VERSIONS), version, runs()], [[diskName], ["Unattached"], ["1.0.0"], "1.0.0", ["1.0.0", "1.0.0"]]);
    assert.ok(up.lines("kept").some((line) => /web-image-upload-\w+ is complete: [\d.]+ MB in \d+ s \([\d.]+ MB\/s\)/.test(line)), up.text);
  });

  test("up again: nothing happens", async () => {
    server.requests.length = 0;
    const up = await stack.up();
    assert.deepEqual([...new Set(up.steps.map(({ op }) => op))], ["same"]);
    assert.equal(server.pagesPut, 0);
  });

  test("another page, on a machine with an empty cache: the preview names it, machines are replaced one after the other", async () => {
    cacheDir = join(home, "cache");
    uploads = azureUpload(cacheDir);
    const before = await outputs();
    await show("two");
    const preview = await stack.preview();
    assert.match(preview.text, /contents\s*: "one" => "two"/);
    const up = await stack.up();
    const now = await outputs();
    assert.notEqual(now.diskName, before.diskName);
    assert.deepEqual([names(DISKS), names(VERSIONS), runs()], [[now.diskName], ["1.0.1"], ["1.0.1", "1.0.1"]]);
    assert.ok(up.lines("kept").some((line) => line.includes("1 of 2 machines run the new image")), up.text);
  });

  test("an image that does not become healthy: the old one comes back, the update fails and says why", async () => {
    const before = await outputs();
    server.scaleSets.sick.add(before.imageId.toLowerCase().replace(/1\.0\.1$/, "1.0.2"));
    await show("sick");
    const up = await stack.run("up", "--yes", "--skip-preview");
    assert.notEqual(up.status, 0);
    assert.match(up.text, /the rollout of "web" failed with \d of 2 machines on the new image: rolling Upgrade failed .*the old image is back/);
    assert.deepEqual(runs(), ["1.0.1", "1.0.1"]);
    await show("two");
    await stack.up();
    // a number that was used is not used again
    assert.deepEqual([names(VERSIONS), runs(), names(DISKS).length], [["1.0.3"], ["1.0.3", "1.0.3"], 1]);
  });

  test("Ctrl-C in mid-rollout: the old image is back", async () => {
    await show("three");
    server.scaleSets.held = true;
    const operation = stack.start("up", "--yes", "--skip-preview");
    await until(() => server.arm.of(SETS).some((set) => server.scaleSets.of(set).upgrade?.code === "RollingForward"));
    operation.interrupt();
    server.scaleSets.held = false;
    const outcome = await operation.outcome;
    assert.notEqual(outcome.status, 0);
    assert.deepEqual(runs(), ["1.0.3", "1.0.3"]);
  });

  test("Ctrl-C in mid-upload: no disk is left, and no access to one", async () => {
    await show("four");
    server.fault = (action) => (action === "Put Page" ? { delayMs: 400 } : undefined);
    const before = names(DISKS);
    const operation = stack.start("up", "--yes", "--skip-preview");
    await until(() => states().includes("ActiveUpload"));
    operation.interrupt();
    const outcome = await operation.outcome;
    server.fault = undefined;
    assert.notEqual(outcome.status, 0);
    assert.deepEqual(names(DISKS), before);
    assert.ok(states().every((state) => state === "Unattached"), states().join());
    assert.deepEqual(await readdir(join(cacheDir, "uploads")), []);
  });

  test("refresh after the version was removed by hand: up makes it again", async () => {
    await show("two");
    await stack.up();
    const { imageId } = await outputs();
    server.arm.resources.delete(imageId.toLowerCase());
    await stack.refresh();
    await stack.up();
    assert.deepEqual([names(VERSIONS).length, names(DISKS).length, runs().length], [1, 1, 2]);
  });

  test("destroy: nothing is left", async () => {
    await stack.destroy();
    assert.deepEqual(server.arm.kinds.map(({ type }) => type).filter((type) => server.arm.of(type).length > 0), ["Microsoft.Network/virtualNetworks"]);
  });
});
