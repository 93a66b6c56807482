import assert from "node:assert/strict";
import { readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { listMachineFolders } from "../../providers/qemu/plugin/machine-folder.ts";
import { runInService } from "../../providers/qemu/plugin/run-in-service.ts";
import { discard } from "../../providers/qemu/plugin/start.ts";
import { SNAPSHOT } from "../../sdk/kubernetes/plugin/etcd-snapshot.ts";
import { leaks } from "../cluster/readable.ts";
import { watchNodes } from "../cluster/watch-nodes.ts";
import { processesWith } from "../qemu/machine-run.ts";
import { makeStack, type Stack } from "../support/engine.ts";
import { freePort, freePorts } from "../support/free-port.ts";
import { judge, scratch } from "../support/judge.ts";
import { makeOwnCache } from "../support/own-cache.ts";
import { stepsOf } from "../support/step.ts";
import { ensureKubernetesPrograms, KUBERNETES, PAUSE, WEB, writeBusyboxArchive } from "./support/programs.ts";
import { exampleWorkload } from "./support/workload.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/kubernetes/", import.meta.url));
/** MB of kernel and root of a worker: kubelet, containerd and the plugins of its network. */
const MOST_MB = 130;
/** The longest of one operation: under emulation, on a busy computer. */
const OPERATION_MS = 3_000_000;

interface Outputs {
  readonly kubeconfig: string;
  readonly urls: readonly string[];
}

interface Pods {
  readonly items: readonly {
    readonly spec: { readonly nodeName?: string };
    readonly status: { readonly conditions?: readonly Condition[] };
  }[];
}
interface Condition {
  readonly type: string;
  readonly status: string;
}

const seconds = (since: number): string => ((performance.now() - since) / 1000).toFixed(0);

/** Looks until it finds what is wanted, at most ten minutes. */
async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  const found = async () => look();
  for (const end = performance.now() + 600_000; !(await found().catch(() => false)); await sleep(1000))
    assert.ok(performance.now() < end, what);
}

const answers = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(20_000) }).then(async (got) => (await got.text()).startsWith("web-"));

test("examples/kubernetes keeps a deployment answering through a new image and a lost worker, and its keys to itself", {
  timeout: 2 * OPERATION_MS,
}, async (t) => {
  await using folder = await scratch();
  const archives = [PAUSE, WEB].map((_, index) => join(folder.path, `${index}.tar`));
  await Promise.all([PAUSE, WEB].map(({ name, script }, index) => writeBusyboxArchive(archives[index] as string, name, script)));
  const programs = await ensureKubernetesPrograms();
  const [apiPort, port] = [await freePort(), await freePorts(2)];
  const [stateDir, cacheDir] = ["state", "cache"].map((name) => join(folder.path, name)) as [string, string];
  await makeOwnCache(cacheDir);
  await using stack = await makeStack({
    folder: EXAMPLE,
    config: {
      ...{ "kubernetes:programs": programs, "kubernetes:archives": JSON.stringify(archives), "kubernetes:workers": "2" },
      ...{ "kubernetes:apiPort": String(apiPort), "kubernetes:port": String(port), "kubernetes:timeoutSeconds": "1500" },
    },
    env: { PULUMI_LINUXKIT_STATE: stateDir, PULUMI_LINUXKIT_CACHE: cacheDir },
    longestMs: OPERATION_MS,
  });
  const machines = () => listMachineFolders(stateDir);
  const step = stepsOf(t);
  let began = performance.now();
  try {
    const { text: log } = await stack.must("up", "--yes", "--skip-preview", "-v=9", "--logtostderr");
    t.diagnostic(`a control plane and two workers: ${seconds(began)} s`);
    const { kubeconfig, urls } = (await stack.outputs()) as unknown as Outputs;
    assert.equal(urls.length, 2);
    const file = join(folder.path, "kubeconfig");
    await writeFile(file, kubeconfig, { mode: 0o600 });
    const kubectl = (...args: string[]): string => judge(join(programs, "kubectl"), "--kubeconfig", file, "--request-timeout=50s", ...args);
    const ready = (...names: string[]) =>
      assert.deepEqual(
        [...kubectl("get", "nodes").matchAll(/^(\S+) +Ready .*v(\S+)$/gm)].map(([, name, version]) => `${name} ${version}`),
        names.map((name) => `${name} ${KUBERNETES}`),
      );
    /** The nodes of pods that are ready. */
    const readyOn = (): string[] =>
      (JSON.parse(kubectl("get", "pods", "-o", "json")) as Pods).items
        .filter(({ status }) => status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True"))
        .map(({ spec }) => spec.nodeName ?? "")
        .sort();

    await step("kubectl sees the nodes ready, and a deployment answers on every worker", async () => {
      ready("control-1", "worker-1", "worker-2");
      began = performance.now();
      const workload = join(folder.path, "web.json");
      await writeFile(workload, await exampleWorkload());
      kubectl("apply", "--validate=false", "-f", workload);
      for (const url of urls) await until(`${url} answers`, () => answers(url));
      t.diagnostic(`the deployment answers: ${seconds(began)} s`);
      await until("two pods are ready", () => readyOn().length === 2);
      assert.deepEqual(readyOn(), ["worker-1", "worker-2"]);
    });

    await step("a worker's OS is small", async () => {
      const megabytes = await workerMegabytes(stack);
      t.diagnostic(`kernel, initrd and root of a worker: ${megabytes.toFixed(1)} MB`);
      assert.ok(megabytes <= MOST_MB, `${megabytes} MB`);
    });

    await step("no key is where it can be read", async () => {
      const keys = [...kubeconfig.matchAll(/"client-key-data": "([^"]+)"/g)].map(
        ([, data]) => Buffer.from(String(data), "base64").toString().split("\n")[1] ?? "",
      );
      assert.ok(keys.length === 1 && keys.every((key) => key.length > 40));
      assert.deepEqual(await leaks({ stack, log, stateDir, cacheDir }, keys), []);
    });

    await step("a second update changes nothing", async () => {
      assert.deepEqual([...new Set((await stack.up()).steps.map(({ op }) => op))], ["same"]);
    });

    await step("a new image replaces the machines one by one, and every request is answered", async () => {
      await stack.must("config", "set", "kubernetes:note", "second");
      began = performance.now();
      const { asked, elsewhere, unanswered } = await watchNodes(urls, () => stack.up());
      t.diagnostic(`a new image: ${seconds(began)} s; ${asked} requests, ${elsewhere} of them answered by another node`);
      assert.deepEqual(unanswered, []);
      assert.ok(asked > 200, `${asked}`);
      ready("control-1", "worker-1", "worker-2");
    });

    await step("etcd has written a snapshot before its machine was replaced", async () => {
      const control = (await machines()).find(({ id }) => id.includes("-control-1-"))?.path ?? assert.fail("no machine of control-1");
      const command = ["etcdctl", "snapshot", "status", SNAPSHOT, "--write-out=json"];
      const { status, printed } = await runInService(control, { service: "etcd", command, signal: AbortSignal.timeout(60_000) });
      assert.equal(status, 0, printed);
      assert.ok((JSON.parse(printed) as { readonly totalKey: number }).totalKey > 100, printed);
    });

    await step("a worker that is killed has its pods started on another", async () => {
      await until("pods are on a worker", () => readyOn().length === 2);
      const [lost] = readyOn();
      const pid =
        (await machines()).find(({ id }) => id.includes(`-${lost}-`))?.record?.machine?.pid ?? assert.fail(`no machine of ${lost} runs`);
      process.kill(pid, "SIGKILL");
      began = performance.now();
      await until("two pods are ready elsewhere", () => readyOn().filter((name) => name !== lost).length === 2);
      t.diagnostic(`the pods of a lost worker run elsewhere: ${seconds(began)} s`);
      await until("the other worker answers", () => answers(urls[lost === "worker-1" ? 1 : 0] as string));
      await stack.must("up", "--yes", "--skip-preview", "--refresh");
      ready("control-1", "worker-1", "worker-2");
    });

    began = performance.now();
    await stack.destroy();
    t.diagnostic(`deleted: ${seconds(began)} s`);
    assert.deepEqual(await processesWith(stateDir), []);
    assert.deepEqual(await machines(), []);
  } finally {
    // after a failure, so that no switch and no machine outlives the test
    await stack.run("destroy", "--yes", "--skip-preview");
    for (const { id } of await machines()) await discard(id, stateDir);
  }
});

/** Of the files that a worker starts from. */
async function workerMegabytes(stack: Stack): Promise<number> {
  const exported = JSON.parse((await stack.must("stack", "export")).stdout) as {
    deployment: { resources: { urn: string; outputs?: { path?: string; files?: { role: string; name: string }[] } }[] };
  };
  const build = exported.deployment.resources.find(({ urn }) => urn.endsWith("ImageBuild::demo-worker"))?.outputs;
  const names = (build?.files ?? []).filter(({ role }) => ["kernel", "base-initrd", "root"].includes(role)).map(({ name }) => name);
  assert.ok(names.length === 3 && (await readdir(String(build?.path))).length >= 3);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(String(build?.path), name))).size));
  return sizes.reduce((sum, size) => sum + size, 0) / 1e6;
}
