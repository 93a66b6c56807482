import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, test } from "node:test";
import { atRest, EARLY, REST } from "../../bench/clusters/at-rest.ts";
import { debianAtRest, METER_SCRIPT } from "../../bench/clusters/debian-meter.ts";
import { kindOfBuild, kindOfNode, nodeName } from "../../bench/clusters/nodes.ts";
import { bootFiles, packagesIn } from "../../bench/clusters/sizes.ts";
import { startOf, uptime } from "../../bench/clusters/starts.ts";
import { identify } from "../../providers/qemu/plugin/process-id.ts";
import { checkKeptFree, KEPT_FREE, keptFree } from "../../bench/clusters/kept-free.ts";
import { heldFiles } from "../../sdk/review/held/holding.ts";
import { judge } from "../support/judge.ts";
import { service, STATUS } from "./sample-columns.ts";

describe("a machine at rest", () => {
  test("is its control groups, what the kernel keeps, and the rest", () => {
    const { used, memory, processes } = atRest(1024, STATUS);
    assert.equal(used, 410_000_000 - KEPT_FREE);
    assert.equal(processes, 32);
    assert.deepEqual(memory, [
      { name: EARLY, bytes: 2 ** 30 - 1_010_000_000 },
      { name: "containerd", bytes: 60_000_000 },
      { name: "docker", bytes: 90_000_000 },
      { name: REST, bytes: 260_000_000 - KEPT_FREE },
    ]);
  });
  test("has no rest where its groups hold files that the kernel may drop", () => {
    const { memory } = atRest(1024, { ...STATUS, services: [service("node", 500_000_000, 9)] });
    assert.deepEqual(memory.at(-1), { name: REST, bytes: 0 });
  });
});

describe("a Debian at rest", () => {
  const zoneinfo = `Node 0, zone      DMA
  pages free     3808
        min      176
        low      220
        high     264
        managed  3840
              high:  30
Node 0, zone    DMA32
        high     16629
`;
  const answer = `kernel 6.1.0-41-cloud-amd64
MemTotal: 986328
MemAvailable: 686328
${zoneinfo}group init.scope 9000000 1
group user.slice 0 0
group docker.service 50000000 10
group docker-${"ab".repeat(32)}.scope 700000 2
group meter.service 800000 3
group system-getty.slice 200000 1
`;
  test("is read without its meter and its PID 1", () => {
    const { kernel, used, memory, processes } = debianAtRest(1024, answer);
    assert.equal(kernel, STATUS.kernel);
    assert.equal(used, 300_000 * 1024 - KEPT_FREE - 800_000);
    assert.equal(processes, 13);
    assert.deepEqual(
      memory.map(({ name }) => name),
      [EARLY, "docker", "container", "system-getty", REST],
    );
    assert.equal(memory.at(-1)?.bytes, used - 50_900_000);
  });
  test("is refused without its figures", () =>
    assert.throws(() => debianAtRest(1024, "sh: syntax error"), /Debian's meter: got "sh: syntax error", wanted its kernel/));
  test("is refused where its kernel keeps more or less free than the others", () => {
    assert.equal(keptFree(zoneinfo), (264 + 16_629) * 4096);
    assert.throws(
      () => debianAtRest(1024, answer.replace("16629", "2000")),
      /Debian: its kernel keeps 9273344 bytes free, wanted 69206016/,
    );
    assert.throws(() => checkKeptFree("m1", ""), /m1: its kernel keeps 0 bytes free/);
  });
  test("is asked by a script that BusyBox's shell runs", () => {
    const said = judge("busybox", "sh", "-c", METER_SCRIPT);
    assert.match(said, new RegExp(`^kernel ${judge("uname", "-r").trim()}$`, "m"));
    assert.match(said, /^MemAvailable: \d+$/m);
    assert.ok(keptFree(said) > 0);
  });
});

test("nodes are named by the resources of their machines", () => {
  const urn = (name: string): string => `urn:pulumi:test::clusters::linuxkit:index:QemuVm::${name}`;
  const rows = [
    ["bench-vm", "machine", "machine"],
    ["bench-m2-vm", "m2", "manager"],
    ["bench-control-1-vm", "control-1", "control plane"],
    ["bench-worker-2-vm", "worker-2", "worker"],
  ] as const;
  for (const [resource, name, kind] of rows) assert.deepEqual([nodeName(urn(resource)), kindOfNode(name)], [name, kind]);
  assert.equal(kindOfBuild("kubernetes", "bench-control-plane"), "control plane");
  assert.equal(kindOfBuild("kubernetes", "bench-worker"), "worker");
  assert.equal(kindOfBuild("swarm", "bench-image-build"), "manager");
  assert.equal(kindOfBuild("docker", "bench-image-build"), "machine");
});

test("a process's start is known in this host's uptime", async () => {
  const before = await uptime();
  const child = spawn("sleep", ["60"]);
  await once(child, "spawn");
  const machine = await identify(child.pid as number);
  child.kill();
  const started = startOf(machine ? { machine } : {});
  assert.ok(started !== undefined && started >= before - 0.02 && started <= (await uptime()) + 0.02, `${before} ${started}`);
  assert.equal(startOf({}), undefined);
  assert.equal(startOf({ machine: { pid: 1, started: "Mon Nov 30" } }), undefined);
});

test("sizes are of what a machine starts from, and of its large packages", () => {
  const files = [
    { role: "kernel", size: 5 },
    { role: "root", size: 7 },
    { role: "sbom", size: 9 },
  ];
  assert.deepEqual(bootFiles(files), [
    { name: "kernel", bytes: 5 },
    { name: "root", bytes: 7 },
  ]);
  const held = heldFiles("Files", [
    { path: "/usr/bin/dockerd", bytes: 90_000_000, part: "services.docker", package: "docker.io" },
    { path: "/usr/bin/docker", bytes: 50_000_000, part: "services.docker", package: "docker.io" },
    { path: "/usr/bin/tini", bytes: 900, part: "services.docker", package: "tini" },
    { path: "/etc/hosts", bytes: 100, part: "services.docker" },
  ]);
  assert.deepEqual(packagesIn(held), [
    { part: "services.docker", name: "docker.io", bytes: 140_000_000 },
    { part: "services.docker", name: "others", bytes: 1000 },
  ]);
});
