import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { makeStack } from "../support/engine.ts";
import { events, ours } from "./readable.ts";

const PROGRAM = `
import { ClusterKeys } from "pulumi-linuxkit/swarm";
import { KubernetesKeys } from "pulumi-linuxkit/kubernetes";
export const swarm = new ClusterKeys("swarm", { nodes: ["m1"] });
const networks = { pods: "10.244.0.0/16", services: "10.96.0.0/16" };
const machines = { "control-1": { address: "10.77.0.11", role: "control-plane" } };
export const kubernetes = new KubernetesKeys("kubernetes", { machines, ...networks, version: "1.34.4" });
`;

test("no private key of a cluster is in the state, in the engine's events or in what -v=9 logs of us", async () => {
  await using stack = await makeStack({ files: { "index.js": PROGRAM } });
  const { text } = await stack.must("up", "--yes", "--skip-preview", "-v=9", "--logtostderr");
  const texts: Record<string, string> = { log: ours(text), state: await stack.stateText() };
  for (const name of await readdir(stack.home))
    if (name.endsWith(".json")) texts[name] = events(await readFile(join(stack.home, name), "utf8"));
  assert.equal(Object.keys(texts).length, 3);
  for (const [place, content] of Object.entries(texts)) {
    const at = content.search(/PRIVATE KEY/);
    assert.equal(at, -1, `${place}: …${content.slice(Math.max(0, at - 1500), at + 100)}…`);
  }
  // the keys are there, for who may read them
  assert.match(JSON.stringify(await stack.outputs()), /PRIVATE KEY/);
});
