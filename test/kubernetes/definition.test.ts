import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { auditDefinition } from "../../sdk/policy/audit.ts";
import { controlPlane } from "../../sdk/kubernetes/control-plane.ts";
import { etcdImage, PROGRAMS, programImage } from "../../sdk/kubernetes/images.ts";
import { type KeyHolder, machineSecrets, makeAuthorities } from "../../sdk/kubernetes/keys.ts";
import { machineOs } from "../../sdk/kubernetes/machine-os.ts";
import { node } from "../../sdk/kubernetes/node.ts";
import { nodeImage, proxyImage } from "../../sdk/kubernetes/node-image.ts";
import { planCluster } from "../../providers/kubernetes/cluster-plan.ts";
import { portsOf } from "../../providers/qemu/ports-of.ts";
import { scratch } from "../support/judge.ts";

const networks = { pods: "10.244.0.0/16", services: "10.96.0.0/16" };
let folder: Awaited<ReturnType<typeof scratch>>;
let programs = "";
before(async () => {
  folder = await scratch();
  programs = join(folder.path, "programs");
  await mkdir(programs);
  for (const name of PROGRAMS) await writeFile(join(programs, name), "", { mode: 0o755 });
});
after(() => folder[Symbol.asyncDispose]());

const nodeGiven = () => ({ programs, networks, pauseImage: "pause:1", archives: [], taints: [] });
const services = () => [
  ...controlPlane({
    ...{ name: "control-1", address: "10.77.0.11", networks, volume: "etcd", members: [{ name: "control-1", address: "10.77.0.11" }] },
    images: {
      etcd: etcdImage(),
      apiserver: programImage(programs, "kube-apiserver"),
      controllers: programImage(programs, "kube-controller-manager"),
      scheduler: programImage(programs, "kube-scheduler"),
    },
  }),
  ...node({
    volume: "node",
    pods: networks.pods,
    after: "scheduler",
    servers: ["10.77.0.11"],
    images: { node: nodeImage(nodeGiven()), proxy: proxyImage(nodeGiven()) },
  }),
];

describe("the OS of a control plane", () => {
  test("declares the secrets that the keys have, and no other", () => {
    const holder: KeyHolder = { address: "10.77.0.11", role: "control-plane", names: [], addresses: [] };
    const made = machineSecrets("control-1", holder, { authorities: makeAuthorities(1), networks, days: 1 });
    const declared = Object.fromEntries(services().map(({ name, spec }) => [name, Object.keys(spec.secrets ?? {}).sort()]));
    assert.deepEqual(declared, Object.fromEntries(Object.entries(made).map(([service, named]) => [service, Object.keys(named).sort()])));
  });

  test("a flag names only files that are secrets of its own service", () => {
    for (const { name, spec } of services())
      for (const [, file] of (spec.command as string[]).join("\n").matchAll(/\/run\/secrets\/(\S+)/g))
        assert.ok(Object.hasOwn(spec.secrets ?? {}, String(file)), `${name}: ${file}`);
  });

  test("gives no capability to its services, and all to the node's, as the audit says", () => {
    const found = auditDefinition(machineOs(services()).spec).findings.filter(({ rule }) => rule === "container-engine");
    assert.deepEqual(
      found.map(({ path }) => path),
      ["services.node"],
    );
    const capable = services().flatMap(({ name, spec }) => (spec.capabilities ? [name] : []));
    assert.deepEqual(capable, ["node", "proxy"]);
  });
});

describe("a cluster", () => {
  const args = () => ({ version: "1.34.4", programs });
  test("has its machines where adding others moves none", () => {
    const { machines } = planCluster('cluster "demo"', { ...args(), workers: 2 });
    assert.deepEqual(
      machines.map(({ name, address }) => `${name} ${address}`),
      ["control-1 10.77.0.11", "worker-1 10.77.0.21", "worker-2 10.77.0.22"],
    );
  });

  const rows: readonly { readonly name: string; readonly given: object; readonly refused: RegExp | undefined }[] = [
    {
      name: "its own networks",
      given: { network: { machines: "192.168.9.0/24", pods: "10.200.0.0/16", services: "10.201.0.0/20" } },
      refused: undefined,
    },
    { name: "no version", given: { version: "1.34" }, refused: /^cluster "demo": version: got "1.34", wanted a version such as "1.34.4"$/ },
    {
      name: "a folder without programs",
      given: { programs: "/nowhere" },
      refused: /programs: got "\/nowhere", which lacks kube-apiserver, .*kubelet: wanted a folder with these programs of Kubernetes 1.34.4/,
    },
    { name: "three control planes", given: { controlPlane: 3 }, refused: undefined },
    { name: "two control planes", given: { controlPlane: 2 }, refused: /controlPlane: got 2, wanted 1 or 3/ },
    { name: "a part of a worker", given: { workers: 0.5 }, refused: /workers: got 0.5, wanted a whole number from 0 to 200/ },
    { name: "the least memory", given: { control: { memoryMiB: 1024 }, worker: { memoryMiB: 384 } }, refused: undefined },
    {
      name: "a control plane without room for its services",
      given: { control: { memoryMiB: 512 } },
      refused: /control.memoryMiB: got 512, wanted at least 1024: what its services take, before any pod/,
    },
    {
      name: "a worker without room for its services",
      given: { worker: { memoryMiB: 256 } },
      refused: /worker.memoryMiB: got 256, wanted at least 384/,
    },
    {
      name: "a wide network of machines",
      given: { network: { machines: "10.77.0.0/16" } },
      refused: /network.machines: got "10.77.0.0\/16", wanted an IPv4 network of 24 bits/,
    },
    {
      name: "pods where the machines are",
      given: { network: { machines: "10.244.3.0/24" } },
      refused: /network.pods: got "10.244.0.0\/16", which overlaps network.machines/,
    },
    {
      name: "services where QEMU is",
      given: { network: { services: "10.0.0.0/16" } },
      refused: /network.services: got "10.0.0.0\/16", which overlaps QEMU's own network/,
    },
  ];
  for (const { name, given, refused } of rows) {
    test(`with ${name} is ${refused ? "refused" : "accepted"}`, () => {
      const plan = () => planCluster('cluster "demo"', { ...args(), ...given });
      if (!refused) return void plan();
      assert.throws(plan, (error) => isLinuxKitError(error, "INVALID_DEFINITION") && refused.test(error.message));
    });
  }

  test("gives each further machine the next host port", () => {
    assert.deepEqual(portsOf(["8080:30080", "0:30081", "0.0.0.0:9000:53/udp", "wrong"], 2), [
      "127.0.0.1:8082:30080/tcp",
      "0:30081",
      "0.0.0.0:9002:53/udp",
      "wrong",
    ]);
  });
});
