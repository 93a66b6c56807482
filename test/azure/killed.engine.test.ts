import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { defaultCacheDir } from "../../sdk/cache/location.ts";
import type { AzureServer } from "../support/azure/azure-server.ts";
import { AzureWorkshop } from "../support/azure/azure-workshop.ts";
import { type Certificate, makeCertificate, trust } from "../support/azure/certificate.ts";
import { pulumiAzure } from "../support/azure/pulumi-azure.ts";
import { makeStack, type Stack } from "../support/engine.ts";
import { processesBelow } from "../support/processes.ts";
import { until } from "../support/until.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/azure-fleet", import.meta.url));

describe("an upload to Azure whose process is killed", { timeout: 600_000 }, () => {
  let certificate: Certificate;
  let azure: AzureWorkshop;
  let server: AzureServer;
  let stack: Stack;
  const disks = () => server.arm.of("Microsoft.Compute/disks");
  const states = () => disks().map((disk) => server.disks.stateOf(disk));

  before(async () => {
    certificate = await makeCertificate();
    trust(certificate);
    azure = await AzureWorkshop.start({ certificate });
    ({ server } = azure);
    stack = await makeStack({ folder: EXAMPLE, others: [pulumiAzure(server)], config: { "azure-native:location": "westeurope" }, env: { ...server.environment, PULUMI_LINUXKIT_CACHE: defaultCacheDir() } });
    await stack.must("config", "set", "resourceGroupName", "rg");
    await stack.must("config", "set", "subnetId", await azure.subnet());
  });
  after(async () => {
    await stack[Symbol.asyncDispose]();
    await azure[Symbol.asyncDispose]();
    await certificate[Symbol.asyncDispose]();
  });

  test("the plugin: the next update goes on with the same disk", async () => {
    let arrived = 0;
    server.fault = (action) => (action === "Put Page" && arrived++ >= 3 ? { delayMs: 20_000 } : undefined);
    const operation = stack.start("up", "--yes", "--skip-preview");
    await until(() => server.pagesPut >= 3, 180);
    // what was acknowledged is in the journal by now
    await new Promise((resolve) => setTimeout(resolve, 500));
    const plugins = (await processesBelow(operation.pid)).filter(({ command }) => command.includes("pulumi-resource-linuxkit"));
    assert.ok(plugins.length > 0);
    for (const { pid } of plugins) process.kill(pid, "SIGKILL");
    assert.notEqual((await operation.outcome).status, 0);
    assert.deepEqual(states(), ["ActiveUpload"]);
    const [name] = disks().map(({ name }) => name);

    server.fault = undefined;
    const up = await stack.up();
    assert.deepEqual([disks().map(({ name }) => name), states()], [[name], ["Unattached"]]);
    assert.ok(up.lines("kept").some((line) => /upload goes on: [\d.]+ MB to send, [\d.]+ MB are there/.test(line)), up.text);
  });

  test("the engine: after `pulumi cancel` the next update leaves one disk, and no access to one", async () => {
    await stack.must("config", "set", "page", "another");
    let held = 0;
    server.fault = (action) => {
      if (action !== "Put Page") return undefined;
      held++;
      return { delayMs: 15_000 };
    };
    const operation = stack.start("up", "--yes", "--skip-preview");
    // a page that is held keeps the plugin from coming to its end before the next update can know of it
    await until(() => held > 0, 180);
    process.kill(operation.pid, "SIGKILL");
    await operation.outcome.catch(() => {});
    server.fault = undefined;
    await stack.run("cancel", "--yes");
    await stack.up();
    assert.deepEqual(states(), ["Unattached"]);
  });
});
