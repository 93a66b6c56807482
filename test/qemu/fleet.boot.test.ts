import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { listMachineFolders } from "../../providers/qemu/plugin/machine-folder.ts";
import type { FleetOutputs } from "../../providers/qemu/plugin/gate.ts";
import { discard } from "../../providers/qemu/plugin/start.ts";
import type { Properties } from "../../sdk/plugin/value.ts";
import { pageAt } from "../support/watch-urls.ts";
import { FleetRun } from "./fleet-run.ts";
import { guest } from "./guest.ts";

const ROLL = fileURLToPath(new URL("roll-fleet.ts", import.meta.url));

/** Updates a fleet in a process like the plugin, and kills it once the first machine is new. */
async function rollAndKill(stateDir: string, id: string, inputs: Properties, before: Properties): Promise<void> {
  const child = spawn(process.execPath, [ROLL, stateDir, id, JSON.stringify(inputs), JSON.stringify(before)], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 120_000,
    killSignal: "SIGKILL",
  });
  let text = "";
  for await (const chunk of child.stdout.setEncoding("utf8")) {
    text += String(chunk);
    if (/^1 of 2 machines/m.test(text)) child.kill("SIGKILL");
  }
  assert.match(text, /^1 of 2 machines/m);
  assert.doesNotMatch(text, /^2 of 2 machines/m);
}

test("a fleet of two machines continues after its plugin was killed, replaces a dead machine, shrinks, and leaves nothing", {
  timeout: 600_000,
}, async () => {
  const stateDir = await mkdtemp(join(tmpdir(), "fleet-"));
  const run = new FleetRun(stateDir);
  try {
    const given: Properties = { kind: "qemu", fleet: "web", count: 2, publish: ["0:80"], healthTimeout: 100, ...(await guest("web")) };
    const { id, outputs: first } = await run.create(given);
    assert.match(id, /^qemu:web-/);
    assert.equal(new Set(first.urls).size, 2);
    assert.equal(first.running, 2);
    assert.deepEqual(await Promise.all(first.urls.map(pageAt)), ["it works\n", "it works\n"]);
    assert.deepEqual(await run.update(id, given, given, first), first, "nothing to do");

    const bigger = { ...given, memoryMiB: 288 };
    await rollAndKill(stateDir, id, bigger, given);
    const between = await run.read(id, given, first);
    const drift = await run.diff(id, bigger, given, between);
    assert.ok(drift?.changed.has("memoryMiB"));
    const second = await run.update(id, bigger, given, first);
    // the machine that was new before the kill was kept
    assert.equal(second.machines[0]?.bootId, between.machines.find(({ running, id }) => running && id.startsWith("web-0-"))?.bootId);
    assert.deepEqual(second.urls, first.urls, "ports chosen as 0 are kept");
    assert.deepEqual(await Promise.all(second.urls.map(pageAt)), ["it works\n", "it works\n"]);
    assert.deepEqual(
      (await listMachineFolders(stateDir)).map(({ record }) => (record?.inputs as { memoryMiB?: number } | undefined)?.memoryMiB),
      [288, 288],
    );

    process.kill(second.machines[0]?.pid ?? 0, "SIGKILL");
    let seen: FleetOutputs = second;
    while (seen.running !== 1) {
      await sleep(50);
      seen = await run.read(id, bigger, second);
    }
    assert.deepEqual((await run.diff(id, bigger, bigger, seen))?.drifted, new Map([["running", "update"]]));
    const third = await run.update(id, bigger, bigger, seen);
    assert.equal(third.running, 2);
    assert.notEqual(third.machines[0]?.bootId, second.machines[0]?.bootId);
    assert.equal(third.machines[1]?.bootId, second.machines[1]?.bootId);

    const one = { ...bigger, count: 1 };
    const fourth = await run.update(id, one, bigger, third);
    assert.deepEqual(fourth.machines, third.machines.slice(0, 1));

    await run.delete(id, one, fourth);
    await assert.rejects(access(stateDir), { code: "ENOENT" });
  } finally {
    for (const { id } of await listMachineFolders(stateDir)) await discard(id, stateDir);
    await rm(stateDir, { recursive: true, force: true });
  }
});
