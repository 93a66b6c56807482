import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import type { ClusterNode } from "../../sdk/cluster/plugin/member.ts";
import type { ApiServer } from "../../sdk/kubernetes/plugin/client.ts";
import { awaitOthers } from "../../sdk/kubernetes/plugin/reconnect.ts";
import { makeAuthority } from "../support/authority.ts";

describe("after a machine of the control plane was replaced", () => {
  let server: ReturnType<typeof createServer>;
  let api: ApiServer;
  let known: readonly string[] = [];
  before(async () => {
    const { cert, key } = await makeAuthority("localhost");
    const node = (name: string) => ({
      metadata: { name, annotations: {} },
      spec: {},
      status: { conditions: [], nodeInfo: { bootID: "b", kubeletVersion: "v1.34.4" } },
    });
    server = createServer({ cert, key }, (_, answer) => answer.end(JSON.stringify({ items: known.map(node) })));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    api = { at: `127.0.0.1:${(server.address() as AddressInfo).port}`, keys: { ca: cert, certificate: cert, key } };
  });
  after(() => server.close());

  const machine = (name: string, running = true): ClusterNode => ({
    ...{ name, running, role: name.startsWith("control") ? "control-plane" : "worker", address: "10.77.0.1", ports: {} },
  });
  for (const [what, nodes, machines, waits] of [
    ["alone, nothing waits", ["control-1"], [machine("control-1")], false],
    ["beside workers, they have time to find its API server", ["control-1", "worker-1"], [machine("control-1"), machine("worker-1")], true],
    [
      "beside another that runs, nothing waits",
      ["control-1", "control-2", "worker-1"],
      [machine("control-1"), machine("control-2"), machine("worker-1")],
      false,
    ],
    [
      "beside another that does not run, workers have time to find its API server",
      ["control-1", "control-2", "worker-1"],
      [machine("control-1"), machine("control-2", false), machine("worker-1")],
      true,
    ],
  ] as const)
    test(what, async () => {
      known = nodes;
      const said: string[] = [];
      const progress = ({ message }: { readonly message: string }) => said.push(message);
      const work = { api, name: "control-1", signal: AbortSignal.timeout(30_000), seconds: 30, progress };
      await awaitOthers({ name: "control-1", nodes: async () => machines }, work, 1000);
      assert.deepEqual(said, waits ? ["waiting 1 s until every node has found the API server of control-1 again"] : []);
    });

  test("a cancel ends the wait", async () => {
    known = ["control-1", "worker-1"];
    const cancel = new AbortController();
    const work = {
      api,
      name: "control-1",
      signal: cancel.signal,
      seconds: 30,
      progress: () => cancel.abort(new Error("cancelled by the test")),
    };
    await assert.rejects(awaitOthers({ name: "control-1", nodes: async () => [] }, work), { name: "AbortError" });
  });
});
