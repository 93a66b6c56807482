import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { kubernetes } from "../../bench/clusters/kubernetes.ts";
import { swarm } from "../../bench/clusters/swarm.ts";
import { makeAuthority } from "../../sdk/api/certificate.ts";
import { scratch } from "../support/judge.ts";

const signal = AbortSignal.timeout(60_000);

/** Engines that give recorded answers (Docker Engine API 1.41) over TLS in both directions; `m2` leads. */
async function recordedSwarm(answers: Readonly<Record<string, unknown>>) {
  const authority = makeAuthority("engines", 1);
  const { certificate, key } = authority.issue({ name: "m1", use: "server", names: ["m1"] });
  const calls: { readonly call: string; readonly body: unknown }[] = [];
  const server = createServer({ cert: certificate, key, ca: authority.certificate, requestCert: true }, async (request, response) => {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const call = `${request.method} ${decodeURIComponent(request.url ?? "")}`;
    calls.push({ call, body: text && JSON.parse(text) });
    const answer = answers[call.replace(/\?.*/, "")];
    response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer ?? { message: `no such call: ${call}` }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = authority.issue({ name: "client", use: "client" });
  const endpoints = { m1: `tcp://localhost:${(server.address() as AddressInfo).port}` };
  return { calls, server, access: { endpoints, client: { ca: authority.certificate, ...client } } };
}

const NODES = ["m1", "m2", "m3"].map((name) => ({
  ...{ ID: `id-${name}`, Description: { Hostname: name }, Status: { State: "ready" } },
  ManagerStatus: { Leader: name === "m2", Reachability: "reachable" },
}));
const TASKS = NODES.map(({ ID }) => ({ NodeID: ID, DesiredState: "running", Status: { State: "running" } }));
const ANSWERS = {
  "POST /services/create": { ID: "s1" },
  "GET /services/web": { ID: "s1", Version: { Index: 7 } },
  "GET /services/s1": { ID: "s1", Version: { Index: 7 }, UpdateStatus: { State: "completed" } },
  "POST /services/s1/update": {},
  "GET /tasks": TASKS,
  "GET /nodes": NODES,
};

describe("a swarm", { timeout: 60_000 }, () => {
  test("gets the workload, spreads it by a forced update, and can lose a manager that is not the leader", async () => {
    const { calls, server, access } = await recordedSwarm(ANSWERS);
    await using _ = server;
    const cluster = await swarm(signal).connect(access);
    await cluster.deploy();
    assert.equal(await cluster.spread(), "m3");
    const bodyOf = (call: string): unknown => calls.find((one) => one.call === call)?.body;
    const created = bodyOf("POST /services/create") as Record<"EndpointSpec" | "Mode" | "TaskTemplate", Record<string, unknown>>;
    assert.deepEqual(created.Mode, { Replicated: { Replicas: 3 } });
    assert.deepEqual(created.EndpointSpec["Ports"], [{ Protocol: "tcp", TargetPort: 80, PublishedPort: 8080, PublishMode: "ingress" }]);
    assert.deepEqual(created.TaskTemplate["ContainerSpec"], { Image: "localhost/web:1" });
    const { TaskTemplate } = bodyOf("POST /services/s1/update?version=7") as { TaskTemplate: object };
    assert.deepEqual(TaskTemplate, { ...created.TaskTemplate, ForceUpdate: 100 });
  });
  const refused: readonly (readonly [what: string, answers: Readonly<Record<string, unknown>>, why: RegExp])[] = [
    ["does not know the service", { ...ANSWERS, "GET /services/web": undefined }, /GET \/services\/web: no such call/],
    ["has no other manager", { ...ANSWERS, "GET /nodes": NODES.slice(0, 2) }, /got no manager beside m1 and the leader/],
  ];
  for (const [what, answers, why] of refused)
    test(`that ${what} is told`, async () => {
      const { server, access } = await recordedSwarm(answers);
      await using _ = server;
      await assert.rejects((await swarm(signal).connect(access)).spread(), why);
    });
});

describe("a Kubernetes cluster", { timeout: 60_000 }, () => {
  const pod = (name: string, nodeName: string) => ({
    metadata: { name },
    spec: { nodeName },
    status: { conditions: [{ type: "Ready", status: "True" }] },
  });
  /** A program in the place of kubectl that keeps its arguments, and gives one recorded list of pods after the other. */
  async function recordedKubectl(folder: string, lists: readonly (readonly object[])[]): Promise<void> {
    for (const [index, items] of lists.entries()) await writeFile(join(folder, `pods-${index}.json`), JSON.stringify({ items }));
    const script = `#!/bin/sh
cd ${folder}
echo "$@" >>calls
case "$*" in
  *"get pods"*) turn=$(cat turn 2>/dev/null || echo 0); cat pods-$turn.json; echo $((turn + 1)) >turn ;;
  *refused*) echo "no such pod" >&2; exit 1 ;;
esac
`;
    await writeFile(join(folder, "kubectl"), script);
    await chmod(join(folder, "kubectl"), 0o755);
  }

  test("gets the workload, and a pod of a crowded worker is started on another", async () => {
    await using folder = await scratch();
    await recordedKubectl(folder.path, [
      [pod("a", "worker-1"), pod("b", "worker-1")],
      [pod("b", "worker-1")],
      [pod("b", "worker-1"), pod("c", "worker-2")],
    ]);
    const cluster = await kubernetes(folder.path, signal, async () => folder.path).connect({ kubeconfig: "of the administrator" });
    await cluster.deploy();
    assert.equal(await cluster.spread(), "worker-2");
    assert.equal(await readFile(join(folder.path, "kubeconfig"), "utf8"), "of the administrator");
    assert.equal((await stat(join(folder.path, "kubeconfig"))).mode & 0o777, 0o600);
    const own = `--kubeconfig ${join(folder.path, "kubeconfig")} --request-timeout=50s`;
    const calls = (await readFile(join(folder.path, "calls"), "utf8")).trim().split("\n");
    assert.deepEqual(calls, [
      `${own} apply --validate=false -f ${join(folder.path, "workload.json")}`,
      `${own} get pods -l app=web -o json`,
      `${own} delete pod a --wait=false`,
      ...Array(2).fill(`${own} get pods -l app=web -o json`),
    ]);
    const { items } = JSON.parse(await readFile(join(folder.path, "workload.json"), "utf8")) as { items: { kind: string }[] };
    assert.deepEqual(
      items.map(({ kind }) => kind),
      ["Deployment", "PodDisruptionBudget", "Service"],
    );
  });
  test("is no longer waited for than the signal says", async () => {
    await using folder = await scratch();
    await recordedKubectl(
      folder.path,
      Array.from({ length: 50 }, () => [pod("a", "worker-1")]),
    );
    const short = AbortSignal.timeout(1500);
    const cluster = await kubernetes(folder.path, short, async () => folder.path).connect({ kubeconfig: "" });
    await assert.rejects(cluster.spread(), { name: /TimeoutError|AbortError/ });
  });
});
