import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { defaultCacheDir } from "../../sdk/cache/location.ts";
import { makeStack, type Stack } from "../support/engine.ts";
import { GoogleServer } from "../support/gcp/google-server.ts";
import { pulumiGcp } from "../support/gcp/pulumi-gcp.ts";
import { objectsOf } from "../support/gcp/pulumi-storage.ts";
import { StorageServer } from "../support/gcp/storage-server.ts";
import { processesBelow } from "../support/processes.ts";
import { until } from "../support/until.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/gcp-fleet", import.meta.url));

describe("an upload to Cloud Storage whose process is killed", { timeout: 600_000 }, () => {
  let storage: StorageServer;
  let google: GoogleServer;
  let stack: Stack;
  const sessions = () => [...storage.storage.sessions.keys()];
  const objects = () => storage.storage.objects.size;
  /** An update with a slow server, once a chunk has arrived. */
  const startSlowly = async () => {
    storage.requests.length = 0;
    let chunks = 0;
    storage.fault = (action) => (action === "put" && chunks++ >= 1 ? { delayMs: 20_000 } : undefined);
    const operation = stack.start("up", "--yes", "--skip-preview");
    await until(() => storage.bytesPut > 0, 180);
    return operation;
  };

  before(async () => {
    storage = await StorageServer.start();
    google = await GoogleServer.start({ readObject: objectsOf(storage.url) });
    storage.storage.projects.set(google.project, google.projectNumber);
    stack = await makeStack({
      folder: EXAMPLE,
      others: [pulumiGcp(google, storage.url)],
      config: { "gcp:project": google.project, "gcp:region": "europe-west3", "gcp:accessToken": `secret:${google.accounts.mint(google.email)}` },
      env: { STORAGE_EMULATOR_HOST: storage.url, GOOGLE_COMPUTE_CUSTOM_ENDPOINT: `${google.url}/compute/v1/`, PULUMI_LINUXKIT_CACHE: defaultCacheDir() },
    });
  });
  after(async () => {
    await stack[Symbol.asyncDispose]();
    await google[Symbol.asyncDispose]();
    await storage[Symbol.asyncDispose]();
  });

  test("the plugin: the next update goes on with the same session", async () => {
    const operation = await startSlowly();
    const plugins = (await processesBelow(operation.pid)).filter(({ command }) => command.includes("pulumi-resource-linuxkit"));
    assert.ok(plugins.length > 0);
    for (const { pid } of plugins) process.kill(pid, "SIGKILL");
    assert.notEqual((await operation.outcome).status, 0);
    const begun = sessions();
    assert.deepEqual([begun.length, objects()], [1, 0]);

    storage.fault = undefined;
    storage.requests.length = 0;
    const up = await stack.up();
    assert.deepEqual([sessions(), objects()], [begun, 1]);
    assert.ok(up.lines("kept").some((line) => /upload goes on: [\d.]+ MB to send, [\d.]+ MB are there/.test(line)), up.text);
  });

  test("the engine: after `pulumi cancel` the next update leaves one object, and nothing to go on with", async () => {
    await stack.must("config", "set", "page", "another");
    let held = 0;
    storage.fault = (action) => {
      if (action !== "put") return undefined;
      held++;
      return { delayMs: 15_000 };
    };
    const operation = stack.start("up", "--yes", "--skip-preview");
    // a chunk that is held keeps the plugin from coming to its end before the next update can know of it
    await until(() => held > 0, 180);
    process.kill(operation.pid, "SIGKILL");
    await operation.outcome.catch(() => {});
    storage.fault = undefined;
    await stack.run("cancel", "--yes");
    await stack.up();
    assert.deepEqual([objects(), storage.storage.open.length], [1, 0]);
  });
});
