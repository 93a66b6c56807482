import assert from "node:assert/strict";
import { mkdir, rm, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { PROGRAMS } from "../../sdk/kubernetes/images.ts";

const registered = new Map<string, pulumi.runtime.MockResourceArgs>();
const FILES = ["kernel", "base-initrd", "root"].map((role) => ({ role, name: role, size: 1, sha256: "0" }));
const pair = { certificate: "CERTIFICATE", key: "KEY" };
const secrets = { "control-1": { apiserver: { "tls.key": "KEY" } }, "worker-1": { node: { "kubelet.key": "KEY" } } };
pulumi.runtime.setMocks({
  call: () => ({}),
  newResource(args) {
    registered.set(args.name, args);
    const made = args.type.endsWith("KubernetesKeys") ? { certificate: "CA", administrator: pair, secrets } : {};
    return {
      id: args.name,
      state: { ...args.inputs, ...made, bootId: "boot", digest: "sha256:0", path: "/built", files: FILES, arch: "amd64", cmdline: "" },
    };
  },
});
const inputsOf = (name: string) => (registered.get(name) ?? assert.fail(`no ${name}`)).inputs;
const { KubernetesCluster } = await import("../../providers/kubernetes/index.ts");
const settled = <T>(output: pulumi.Output<T>): Promise<T> => new Promise((resolve) => void output.apply((value) => resolve(value)));

describe("KubernetesCluster", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "linuxkit-kubernetes-"));
    await mkdir(join(folder, "programs"));
    for (const name of PROGRAMS) await writeFile(join(folder, "programs", name), "", { mode: 0o755 });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  test("gives each machine its own keys and disks, and its place in the cluster", async () => {
    const cluster = new KubernetesCluster("demo", {
      ...{ version: "1.34.4", programs: join(folder, "programs"), workers: 1, apiPort: 7443 },
      worker: { memoryMiB: 1500, publish: ["8080:30080"] },
    });
    const config = JSON.parse(await settled(cluster.kubeconfig)) as { clusters: [{ cluster: { server: string } }] };
    assert.equal(await (cluster.kubeconfig as unknown as { isSecret: Promise<boolean> }).isSecret, true);
    assert.equal(config.clusters[0].cluster.server, "https://127.0.0.1:7443");
    for (const machine of [...cluster.nodes.control, ...cluster.nodes.workers]) await settled(machine.bootId);
    for (const name of ["control-1", "worker-1"]) {
      const vm = registered.get(`demo-${name}-vm`)?.inputs;
      assert.equal(vm.network.hostname, name);
      assert.deepEqual([vm.member.kind, vm.member.settings], ["kubernetes", { version: "1.34.4" }]);
    }
    const [control, worker] = ["control-1", "worker-1"].map((name) => registered.get(`demo-${name}-vm`)?.inputs);
    assert.deepEqual([control.publish, worker.publish], [["127.0.0.1:7443:6443"], ["127.0.0.1:8080:30080/tcp"]]);
    assert.deepEqual([control.member.role, worker.member.role, worker.memoryMiB], ["control-plane", "worker", 1500]);
    assert.deepEqual(
      [...registered.values()]
        .filter(({ type }) => type.endsWith("QemuDisk"))
        .map(({ name }) => name)
        .sort(),
      ["demo-control-1-etcd", "demo-control-1-node", "demo-worker-1-node"],
    );
    const services = (name: string) => Object.keys(registered.get(`demo-${name}`)?.inputs.image.services).sort();
    assert.deepEqual(services("control-plane"), ["apiserver", "controllers", "etcd", "node", "proxy", "scheduler"]);
    assert.deepEqual(services("worker"), ["api", "node", "proxy"]);
  });

  test("of three, each has its own etcd, port and context, and leads no other one to wait", async () => {
    const cluster = new KubernetesCluster("three", {
      ...{ version: "1.34.4", programs: join(folder, "programs"), controlPlane: 3, workers: 1 },
    });
    const config = JSON.parse(await settled(cluster.kubeconfig)) as {
      clusters: { name: string; cluster: { server: string } }[];
      contexts: { name: string }[];
    };
    assert.deepEqual(
      config.clusters.map(({ name, cluster: { server } }) => `${name} ${server}`),
      ["three https://127.0.0.1:6443", "three-2 https://127.0.0.1:6444", "three-3 https://127.0.0.1:6445"],
    );
    assert.deepEqual(
      config.contexts.map(({ name }) => name),
      ["three", "three-2", "three-3"],
    );
    for (const machine of [...cluster.nodes.control, ...cluster.nodes.workers]) await settled(machine.bootId);
    const members = "control-1=https://10.77.0.11:2380,control-2=https://10.77.0.12:2380,control-3=https://10.77.0.13:2380";
    for (const [index, build] of ["three-control-plane", "three-control-plane-2", "three-control-plane-3"].entries()) {
      const { etcd, scheduler } = inputsOf(build).image.services;
      assert.ok(etcd.command.includes(`--initial-cluster=${members}`) && etcd.command.includes(`--name=control-${index + 1}`));
      assert.ok(scheduler.command.includes("--leader-elect=true"));
      assert.deepEqual(inputsOf(`three-control-${index + 1}-vm`).publish, [`127.0.0.1:${6443 + index}:6443`]);
    }
    const { api } = inputsOf("three-worker").image.services;
    assert.deepEqual(api.command.slice(2), ["127.0.0.1:6443", "10.77.0.11:6443", "10.77.0.12:6443", "10.77.0.13:6443"]);
  });
});
