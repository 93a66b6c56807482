import assert from "node:assert/strict";
import { readdir, readFile, readlink, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { listMachineFolders } from "../../providers/qemu/plugin/machine-folder.ts";
import { discard } from "../../providers/qemu/plugin/start.ts";
import { makeStack } from "../support/engine.ts";
import { freePort } from "../support/free-port.ts";
import { judge, scratch } from "../support/judge.ts";
import { ensureKubernetesPrograms, KUBERNETES, PAUSE, WEB, writeBusyboxArchive } from "./support/programs.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/kubernetes/", import.meta.url));
/** MB of kernel and root of a worker: kubelet, containerd and the plugins of its network. */
const MOST_MB = 130;
/** The longest of one operation: under emulation, on a busy computer. */
const OPERATION_MS = 3_000_000;

const WORKLOAD = [
  {
    ...{ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" } },
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { automountServiceAccountToken: false, containers: [{ name: "web", image: WEB.name, imagePullPolicy: "Never" }] },
      },
    },
  },
  {
    ...{ apiVersion: "v1", kind: "Service", metadata: { name: "web" } },
    spec: { type: "NodePort", selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }] },
  },
];

test("examples/kubernetes runs a pod behind a node port, keeps its keys to itself, and is deleted without a trace", {
  timeout: 2 * OPERATION_MS,
}, async (t) => {
  await using folder = await scratch();
  const archives = [PAUSE, WEB].map((_, index) => join(folder.path, `${index}.tar`));
  await Promise.all([PAUSE, WEB].map(({ name, script }, index) => writeBusyboxArchive(archives[index] as string, name, script)));
  const programs = await ensureKubernetesPrograms();
  const [apiPort, port] = [await freePort(), await freePort()];
  const stateDir = join(folder.path, "state");
  await using stack = await makeStack({
    folder: EXAMPLE,
    config: {
      ...{ "kubernetes:programs": programs, "kubernetes:archives": JSON.stringify(archives), "kubernetes:workers": "1" },
      ...{ "kubernetes:apiPort": String(apiPort), "kubernetes:port": String(port), "kubernetes:timeoutSeconds": "1500" },
    },
    env: { PULUMI_LINUXKIT_STATE: stateDir },
    longestMs: OPERATION_MS,
  });
  const machines = async () => (await listMachineFolders(stateDir)).map(({ id }) => id);
  try {
    const began = performance.now();
    await stack.must("up", "--yes", "--skip-preview");
    t.diagnostic(`up: ${((performance.now() - began) / 1000).toFixed(0)} s`);
    const { kubeconfig } = (await stack.outputs()) as { kubeconfig: string };
    const file = join(folder.path, "kubeconfig");
    await writeFile(file, kubeconfig, { mode: 0o600 });
    const kubectl = (...args: string[]): string => judge(join(programs, "kubectl"), "--kubeconfig", file, "--request-timeout=50s", ...args);
    assert.match(kubectl("get", "nodes"), new RegExp(`control-1 +Ready .*v${KUBERNETES}\nworker-1 +Ready .*v${KUBERNETES}`));

    const workload = join(folder.path, "workload.json");
    await writeFile(workload, JSON.stringify({ apiVersion: "v1", kind: "List", items: WORKLOAD }));
    kubectl("apply", "--validate=false", "-f", workload);
    let said = "";
    for (const until = performance.now() + 600_000; !said && performance.now() < until; await sleep(1000)) {
      const answer = fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(20_000) });
      said = await answer.then((got) => got.text()).catch(() => "");
    }
    assert.match(said, /^web-/);
    assert.match(kubectl("get", "pods", "-o", "wide"), / worker-1 /);

    // the size of a node's OS
    const exported = JSON.parse((await stack.must("stack", "export")).stdout) as {
      deployment: { resources: { urn: string; outputs?: { path?: string; files?: { role: string; name: string }[] } }[] };
    };
    const build = exported.deployment.resources.find(({ urn }) => urn.endsWith("ImageBuild::demo-worker"))?.outputs;
    const parts = (build?.files ?? []).filter(({ role }) => ["kernel", "base-initrd", "root"].includes(role));
    const sizes = await Promise.all(parts.map(async ({ name }) => (await stat(join(String(build?.path), name))).size));
    const megabytes = sizes.reduce((sum, size) => sum + size, 0) / 1e6;
    t.diagnostic(`kernel, initrd and root of a worker: ${megabytes.toFixed(1)} MB`);
    assert.ok(megabytes <= MOST_MB, `${megabytes} MB`);

    // no key is where it can be read
    const keys = [...kubeconfig.matchAll(/"client-key-data": "([^"]+)"/g)].map(
      ([, data]) => Buffer.from(String(data), "base64").toString().split("\n")[1] ?? "",
    );
    assert.equal(keys.length, 1);
    const state = await stack.stateText();
    assert.doesNotMatch(state, /PRIVATE KEY|client-key-data/);
    for (const key of keys) assert.ok(key.length > 40 && !state.includes(key));
    for (const id of await machines())
      for (const name of await readdir(join(stateDir, "machines", id)))
        if (/\.(log|json)$/.test(name))
          assert.doesNotMatch(await readFile(join(stateDir, "machines", id, name), "latin1"), /PRIVATE KEY|key-data/);

    assert.deepEqual([...new Set((await stack.up()).steps.map(({ op }) => op))], ["same"]);
    await stack.destroy();
    assert.deepEqual(await machines(), []);
    const places = await Promise.all(
      (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")),
    );
    assert.deepEqual(
      places.filter((place) => place.startsWith(stateDir)),
      [],
    );
  } finally {
    for (const id of await machines()) await discard(id, stateDir);
  }
});
