import assert from "node:assert/strict";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { listMachineFolders } from "../../providers/qemu/plugin/machine-folder.ts";
import { discard } from "../../providers/qemu/plugin/start.ts";
import { makeStack } from "../support/engine.ts";
import type { Outcome } from "../support/engine-operation.ts";
import { freePort } from "../support/free-port.ts";
import { inventory, makeOwnCache } from "../support/own-cache.ts";
import { pageAt, watchUrls } from "../support/watch-urls.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/fleet/", import.meta.url));
const PROGRAM = await readFile(join(EXAMPLE, "index.ts"), "utf8");

const home = await mkdtemp(join(tmpdir(), "linuxkit-fleet-"));
after(() => rm(home, { recursive: true, force: true }));

const ops = ({ steps }: Outcome, type: string) => steps.filter((step) => step.type === `linuxkit:index:${type}`).map(({ op }) => op);

/** The first of two consecutive free ports. */
async function twoPorts(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = await freePort();
    const next = createServer().listen(port + 1, "127.0.0.1");
    const isFree = await once(next, "listening").then(
      () => true,
      () => false,
    );
    next.close();
    if (isFree) return port;
  }
  throw new Error("no two ports in a row are free");
}

test("a fleet under the real engine is replaced one by one, rolls back when unhealthy and on Ctrl-C, and is deleted without a trace", {
  timeout: 900_000,
}, async () => {
  const [stateDir, cacheDir, temporary, folder] = [join(home, "state"), join(home, "cache"), join(home, "tmp"), join(home, "example")];
  await makeOwnCache(cacheDir);
  await mkdir(temporary, { recursive: true });
  for (const file of ["Pulumi.yaml", "index.ts", "package.json"]) await cp(join(EXAMPLE, file), join(folder, file));
  const port = await twoPorts();
  await using stack = await makeStack({
    folder,
    config: { "fleet:port": String(port) },
    env: { PULUMI_LINUXKIT_STATE: stateDir, PULUMI_LINUXKIT_CACHE: cacheDir, TMPDIR: temporary },
  });
  await using _ = {
    async [Symbol.asyncDispose]() {
      for (const { id } of await listMachineFolders(stateDir)) await discard(id, stateDir);
    },
  };
  const urls = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${port + 1}`];
  const pages = () => Promise.all(urls.map(pageAt));
  // from the resource, because the stack's own outputs are those of the program's last run
  const bootIds = async () => {
    const { deployment } = JSON.parse((await stack.must("stack", "export")).stdout) as {
      deployment: { resources: { type: string; outputs?: { machines: { bootId: string }[] } }[] };
    };
    return (
      deployment.resources.find(({ type }) => type === "linuxkit:index:RolloutGate")?.outputs?.machines.map(({ bootId }) => bootId) ?? []
    );
  };
  const page = (text: string) => PROGRAM.replace("version one", text);

  await stack.up();
  assert.deepEqual(((await stack.outputs()) as { urls: string[] }).urls, urls);
  assert.deepEqual(await pages(), ["version one\n", "version one\n"]);
  const first = await bootIds();
  assert.deepEqual(((await stack.outputs()) as { bootIds: string[] }).bootIds, first);

  const same = await stack.up();
  assert.deepEqual([...new Set(same.steps.map(({ op }) => op))], ["same"]);
  assert.deepEqual(await bootIds(), first);

  // a change of one service's image is one update, and the preview shows the leaf
  await stack.write("index.ts", page("version two"));
  const preview = await stack.preview();
  assert.match(preview.text, /~ contents: \n +- version one\n +\+ version two\n/);
  assert.match(preview.text, /linuxkit:index:RolloutGate: \(update\)/);
  const rolled = await watchUrls(urls, stack.up());
  assert.equal(rolled.outcome.status, "fulfilled", String((rolled.outcome as PromiseRejectedResult).reason));
  assert.deepEqual(await pages(), ["version two\n", "version two\n"]);
  assert.equal(rolled.dark, 0, `one always answered: ${rolled.looks} looks`);
  const { value: up } = rolled.outcome as PromiseFulfilledResult<Outcome>;
  assert.deepEqual(ops(up, "RolloutGate"), ["update"]);
  assert.deepEqual(up.lines("kept").filter((line) => /machines run the new image/.test(line)).length, 2);
  const second = await bootIds();
  assert.ok(!second.some((id) => first.includes(id)));

  // a service that really fails: its health check gets no answer
  await stack.write(
    "index.ts",
    page("version three")
      .replace("health: { http: { port: 80 } }", 'publish: ["80"], health: { http: { port: 81 } }')
      .replace("count: 2,", "count: 2, healthTimeout: 20,"),
  );
  const unhealthy = await watchUrls(urls, stack.run("up", "--yes", "--skip-preview"));
  const failed = (unhealthy.outcome as PromiseFulfilledResult<Outcome>).value;
  assert.notEqual(failed.status, 0);
  assert.match(
    failed.text,
    /the rollout of "web" failed with 0 of 2 machines on the new image: machine "web-0" was not healthy within 20 s: waiting for [^\n]*; rolled back/,
  );
  assert.match(failed.text, /service web is \w+: port 81: /);
  assert.equal(unhealthy.dark, 0);
  assert.deepEqual(await pages(), ["version two\n", "version two\n"]);

  await stack.refresh();
  const third = await bootIds();
  assert.equal(third[1], second[1], "the second machine was never touched");
  assert.notEqual(third[0], second[0]);

  // Ctrl-C once the first machine is replaced
  await stack.write("index.ts", page("version four"));
  const operation = stack.start("up", "--yes", "--skip-preview");
  await operation.printed(/1 of 2 machines run the new image/);
  operation.interrupt();
  const cancelled = await watchUrls(urls, operation.outcome);
  const { value: interrupted } = cancelled.outcome as PromiseFulfilledResult<Outcome>;
  assert.notEqual(interrupted.status, 0);
  assert.match(interrupted.text, /it was cancelled; rolled back/);
  assert.deepEqual(await pages(), ["version two\n", "version two\n"]);
  assert.equal(cancelled.dark, 0);

  await stack.destroy();
  assert.deepEqual(await pages(), [undefined, undefined]);
  assert.deepEqual(await inventory(stateDir), {});
  assert.deepEqual(await inventory(temporary), {});
});
