import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { gcpGate } from "../../providers/gcp/plugin/gate.ts";
import { groupUpdateDriver } from "../../providers/gcp/plugin/rollout-driver.ts";
import type { Progress } from "../../sdk/core/progress.ts";
import { runRollout } from "../../sdk/rollout/run-rollout.ts";
import type { RolloutLimits } from "../../sdk/rollout/rollout.ts";
import { ComputeClient } from "../support/gcp/compute-client.ts";
import { GoogleServer } from "../support/gcp/google-server.ts";
import { ImageArchives } from "../support/gcp/image-archives.ts";

const REGION = "europe-west3";

describe("the rollout of a managed instance group", { timeout: 60_000 }, () => {
  let archives: ImageArchives;
  let server: GoogleServer;
  let google: ComputeClient;
  let count = 0;
  let group: string;
  const lines: string[] = [];
  const link = (template: string) =>
    `https://www.googleapis.com/compute/v1/projects/${server.project}/global/instanceTemplates/${template}`;
  const templates = () => [...server.rollout.groups.values()].at(-1)?.map(({ template }) => template.split("/").at(-1));
  const driver = (template: string, previous?: string) =>
    groupUpdateDriver(
      { accessToken: server.accounts.mint(server.email) },
      { project: server.project, region: REGION, group, template: link(template), previous: previous && link(previous) },
    );
  const roll = (
    template: string,
    previous?: string,
    more: { limits?: RolloutLimits; signal?: AbortSignal; onLine?: (line: Progress) => void } = {},
  ) => {
    lines.length = 0;
    const progress = (line: Progress) => {
      lines.push(line.message);
      more.onLine?.(line);
    };
    return runRollout(driver(template, previous), {
      name: "web",
      signal: more.signal ?? AbortSignal.timeout(30_000),
      progress,
      paceSeconds: 0.001,
      limits: { stallSeconds: 10, ...more.limits },
    });
  };

  before(async () => {
    archives = await ImageArchives.make({ "good.tar.gz": {} });
    server = await GoogleServer.start({ readObject: archives.readObject });
    google = new ComputeClient(server);
    process.env.GOOGLE_COMPUTE_CUSTOM_ENDPOINT = `${server.url}/compute/v1/`;
    await google.must("POST", "global/images", { name: "os", rawDisk: { source: "https://storage.googleapis.com/images/good.tar.gz" } });
    await google.must("POST", "global/healthChecks", {
      name: "alive",
      type: "HTTP",
      httpHealthCheck: { port: 8080, requestPath: "/healthz" },
    });
    for (const name of ["t1", "t2", "t3"])
      await google.must("POST", "global/instanceTemplates", {
        name,
        properties: {
          machineType: "e2-small",
          disks: [{ boot: true, autoDelete: true, initializeParams: { sourceImage: "global/images/os" } }],
          networkInterfaces: [{ network: "global/networks/default" }],
        },
      });
  });
  beforeEach(async () => {
    server.rollout.isUnhealthy = () => false;
    server.rollout.otherOrder = false;
    group = `web-${++count}`;
    await google.must("POST", `regions/${REGION}/instanceGroupManagers`, {
      name: group,
      baseInstanceName: "web",
      targetSize: 2,
      versions: [{ instanceTemplate: "global/instanceTemplates/t1" }],
      autoHealingPolicies: [{ healthCheck: "global/healthChecks/alive", initialDelaySec: 60 }],
      updatePolicy: { type: "PROACTIVE", maxSurge: { fixed: 3 }, maxUnavailable: { fixed: 0 } },
    });
  });
  afterEach(async () => {
    server.fault = undefined;
    await google.must("DELETE", `regions/${REGION}/instanceGroupManagers/${group}`);
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await archives[Symbol.asyncDispose]();
  });
  const change = (template: string) =>
    google.must("PATCH", `regions/${REGION}/instanceGroupManagers/${group}`, {
      versions: [{ instanceTemplate: `global/instanceTemplates/${template}` }],
    });

  test("waits for the first machines, then has nothing to do", async () => {
    assert.equal((await roll("t1")).updated, 2);
    assert.deepEqual(templates(), ["t1", "t1"]);
    assert.ok(lines.includes("2 of 2 machines run the new image and are healthy"), lines.join("\n"));
    server.requests.length = 0;
    assert.deepEqual(await roll("t1"), { id: "", updated: 0 });
    assert.deepEqual(
      server.requests.filter(({ what }) => what.startsWith("PATCH")),
      [],
    );
  });

  test("waits for the update that the group's resource started, with a line for each batch", async () => {
    await roll("t1");
    await change("t2");
    assert.equal((await roll("t2", "t1")).updated, 2);
    assert.deepEqual(templates(), ["t2", "t2"]);
    assert.deepEqual(
      lines.filter((line) => /^[12] of 2/.test(line)),
      ["1 of 2 machines run the new image and are healthy", "2 of 2 machines run the new image and are healthy"],
    );
  });

  test("moves on and back in whichever order machines are replaced and become healthy", async () => {
    server.rollout.otherOrder = true;
    await roll("t1");
    await change("t2");
    assert.equal((await roll("t2", "t1")).updated, 2);
    assert.deepEqual(templates(), ["t2", "t2"]);
    server.rollout.isUnhealthy = (template) => template === "t3";
    await change("t3");
    await assert.rejects(roll("t3", "t2"), { code: "ROLLOUT_FAILED", message: /rolled back: every machine runs the old image$/ });
    assert.deepEqual(templates(), ["t2", "t2"]);
  });

  test("starts the update if the group has an older template again", async () => {
    await roll("t1");
    await roll("t2", "t1");
    assert.deepEqual(templates(), ["t2", "t2"]);
  });

  test("brings the old template back if autohealing recreates a new machine", async () => {
    await roll("t1");
    server.rollout.isUnhealthy = (template) => template === "t2";
    await change("t2");
    await assert.rejects(roll("t2", "t1"), {
      code: "ROLLOUT_FAILED",
      message:
        /^the rollout of "web" failed with 0 of 2 machines on the new image: web-\w+ failed its health check and was recreated; rolled back: every machine runs the old image$/,
    });
    assert.deepEqual(templates(), ["t1", "t1"]);
  });

  test("brings the old template back if machines cannot start, and reports the reason", async () => {
    await roll("t1");
    const { quota } = server.compute;
    server.compute.quota = 0;
    await change("t2");
    await assert.rejects(roll("t2", "t1", { limits: { stallSeconds: 0.2 } }), {
      code: "ROLLOUT_FAILED",
      message: /no further machine became healthy within 0\.2 s: web-\w+ does not start: .*Quota/,
    });
    server.compute.quota = quota;
    assert.deepEqual(templates(), ["t1", "t1"]);
  });

  test("brings the old template back when cancelled, despite API faults", async () => {
    await roll("t1");
    const cancel = new AbortController();
    server.fault = (_, at) => (at % 4 === 1 ? { status: 503, reason: "backendError" } : at % 7 === 3 ? { cut: true } : undefined);
    await change("t2").catch(() => {});
    server.rollout.isUnhealthy = (template) => template === "t2";
    await assert.rejects(roll("t2", "t1", { signal: cancel.signal, onLine: () => cancel.abort(new Error("stop")) }), {
      code: "ROLLOUT_FAILED",
      message: /it was cancelled; rolled back/,
    });
    assert.deepEqual(templates(), ["t1", "t1"]);
  });

  test("reports that a failed first rollout cannot be rolled back", async () => {
    server.rollout.isUnhealthy = () => true;
    await assert.rejects(roll("t1"), {
      code: "ROLLOUT_FAILED",
      message: /the rollback failed: the fleet had no earlier template: check the fleet/,
    });
  });

  test("the gate rolls back to the template of its last inputs", async () => {
    const gate = gcpGate(undefined, 0.001);
    const access = { accessToken: server.accounts.mint(server.email) };
    const inputs = {
      kind: "gcp" as const,
      fleet: "web",
      project: server.project,
      region: REGION,
      group,
      template: link("t1"),
      stallSeconds: 10,
      ...access,
    };
    const work = { urn: "urn", name: "web-gate", signal: AbortSignal.timeout(30_000), timeoutSeconds: 30, progress: () => {}, config: {} };
    const { id, outputs } = await gate.create({ inputs, ...work });
    assert.deepEqual([id, outputs.rollout], [`gcp:${group}`, link("t1")]);
    server.rollout.isUnhealthy = (template) => template === "t2";
    await assert.rejects(
      async () => gate.update?.({ id, inputs: { ...inputs, template: link("t2") }, oldInputs: inputs, oldOutputs: outputs, ...work }),
      { code: "ROLLOUT_FAILED" },
    );
    assert.deepEqual(templates(), ["t1", "t1"]);
    const { changed } =
      (await gate.diff?.({
        urn: "urn",
        name: "g",
        id,
        inputs: { ...inputs, template: link("t3"), accessToken: "other", stallSeconds: 1 },
        oldInputs: inputs,
        oldOutputs: outputs,
      })) ?? {};
    assert.deepEqual([...(changed ?? [])], [["template", "update"]]);
  });
});
