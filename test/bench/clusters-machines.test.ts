import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { awaitReplicas } from "../../bench/clusters/answers.ts";
import { crowded, isSpread, type WebPod } from "../../bench/clusters/kubernetes.ts";
import { endMachines } from "../../bench/clusters/stack.ts";
import { ending } from "../../bench/clusters/work.ts";
import { scratch } from "../support/judge.ts";

describe("replicas", () => {
  test("are awaited until so many have answered, while one hangs and one fails", { timeout: 30_000 }, async () => {
    let asked = 0;
    await using server = createServer((_, response) => {
      const turn = asked++;
      if (turn === 0) return;
      if (turn === 1) return void response.writeHead(503).end("third");
      response.end(turn < 6 ? "first" : "second");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    assert.ok((await awaitReplicas([url], 2, new AbortController().signal)) > 0.5);
    assert.ok(asked >= 7, `${asked}`);
    server.closeAllConnections();
  });
  test("are awaited no longer than the signal says", async () => {
    const signal = AbortSignal.timeout(600);
    await assert.rejects(awaitReplicas(["http://127.0.0.1:1/"], 1, signal), { name: /TimeoutError|AbortError/ });
  });

  const pod = (name: string, nodeName: string, ready = "True", more: object = {}): WebPod => ({
    metadata: { name, ...more },
    spec: { nodeName },
    status: { conditions: [{ type: "Ready", status: ready }] },
  });
  const rows: readonly (readonly [what: string, pods: readonly WebPod[], toDelete: string | undefined, done: boolean])[] = [
    ["on two nodes", [pod("a", "worker-1"), pod("b", "worker-2")], undefined, true],
    ["on one node", [pod("a", "worker-1"), pod("b", "worker-1")], "a", false],
    ["one not ready", [pod("a", "worker-1"), pod("b", "worker-1", "False")], undefined, false],
    ["one missing", [pod("a", "worker-1")], undefined, false],
    ["one without a node", [pod("a", "worker-1"), { metadata: { name: "b" }, spec: {}, status: {} }], undefined, false],
    ["one ending", [pod("a", "w", "True", { deletionTimestamp: "now" }), pod("b", "w"), pod("c", "v")], undefined, true],
  ];
  for (const [what, pods, toDelete, done] of rows)
    test(`are spread by deleting one where both are ready on one node: ${what}`, () => {
      assert.equal(crowded(pods), toDelete);
      assert.equal(isSpread(pods), done);
    });
});

test("what runs in a folder of machines ends with it, recorded or not", { timeout: 30_000 }, async () => {
  await using folder = await scratch();
  const machine = join(folder.path, "state/machines/bench-00000000-00000000");
  await mkdir(machine, { recursive: true });
  const inside = spawn("sleep", ["60"], { cwd: machine });
  const outside = spawn("sleep", ["60"], { cwd: folder.path });
  await Promise.all([inside, outside].map((child) => once(child, "spawn")));
  const ended = once(inside, "exit");
  await endMachines(join(folder.path, "state"));
  await ended;
  await sleep(50);
  assert.equal(outside.exitCode, null);
  assert.match(await readFile(`/proc/${outside.pid}/cmdline`, "latin1"), /sleep/);
  outside.kill();
});

test("what a part waits for ends with the part, and with the run", () => {
  const run = new AbortController();
  const part = ending(run.signal);
  assert.equal(part.signal.aborted, false);
  part[Symbol.dispose]();
  assert.ok(part.signal.aborted && !run.signal.aborted);
  const next = ending(run.signal);
  run.abort();
  assert.ok(next.signal.aborted);
});
