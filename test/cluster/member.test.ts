import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { qemuCluster } from "../../providers/qemu/plugin/cluster.ts";
import { makeMachineFolder, type MachineRecord, readMachineFolder, self } from "../../providers/qemu/plugin/machine-folder.ts";
import { qemuVm } from "../../providers/qemu/plugin/vm.ts";
import type { VmInputs } from "../../providers/qemu/plugin/vm-inputs.ts";
import type { VmOutputs } from "../../providers/qemu/plugin/vm-outputs.ts";
import type { Properties } from "../../sdk/plugin/value.ts";
import { Secret } from "../../sdk/plugin/value.ts";
import { endedProcess } from "../qemu/ended-process.ts";
import { fakeKind, memberCall } from "./fake-member.ts";

const scratch = await mkdtemp(join(tmpdir(), "member-"));
after(() => rm(scratch, { recursive: true, force: true }));

const keys = { ca: "CA", certificate: "CERTIFICATE", key: "KEY" };
const place = (hostname: string) => ({ socket: "/lan/switch", address: `10.77.0.1${hostname.at(-1)}/24`, hostname });
const INPUTS: VmInputs = {
  ...{ arch: "amd64", kernel: "/k", initrd: "/i", cmdline: "", digest: "sha256:0", memoryMiB: 256, cpus: 1 },
  ...{ publish: [], disks: [], waitForHealth: true, network: place("m1") },
  member: { kind: "fake", role: "manager", settings: {}, keys },
};
const OUTPUTS: VmOutputs = {
  ...{ running: true, pid: 1, bootId: "b", consoleLog: "", ports: {}, url: "", accelerator: "tcg" },
  kept: { unlock: "old" },
};
const subject = memberCall();

/** A machine's folder; its process is this one, so it runs, or one that has ended. */
async function machine(stateDir: string, id: string, hostname: string, changes: object = {}, runs = true): Promise<void> {
  const { keys: _keys, ...open } = INPUTS.member as NonNullable<VmInputs["member"]>;
  const inputs = { ...INPUTS, member: open, network: place(hostname), ...changes };
  await makeMachineFolder(stateDir, id, {
    ...{ version: 1, urn: "urn", phase: "running", maker: await self(), nonce: "n" },
    ...{ publish: ["127.0.0.1:4001:2376/tcp"], accelerator: "tcg", inputs },
    machine: runs ? await self() : await endedProcess(),
  } as MachineRecord);
}

describe("a machine in a cluster", () => {
  test("rejoins at an update that leaves it running, and its cluster gets what the state keeps", async () => {
    const fake = fakeKind({ kept: { unlock: "new" } });
    const stateDir = join(scratch, "update");
    const type = qemuVm({ stateDir, cacheDir: scratch }, undefined, { fake: fake.load });
    await machine(stateDir, "m1-1", "m1");
    const inputs = { ...INPUTS, member: { ...INPUTS.member, role: "worker" } } as VmInputs;
    const call = { ...subject, id: "m1-1", oldInputs: INPUTS, oldOutputs: OUTPUTS };
    const updated = await type.update?.({ ...call, inputs });
    assert.deepEqual(fake.calls, ["m1 rejoin as worker, kept old"]);
    assert.ok((updated?.outputs.kept as unknown) instanceof Secret);
    assert.deepEqual(((updated?.outputs.kept ?? {}) as unknown as Secret).value, { unlock: "new" });

    // and leaves it where the program takes its place away
    const { member: _member, ...alone } = INPUTS;
    const left = await type.update?.({ ...call, inputs: alone });
    assert.deepEqual(fake.calls.slice(1), ["m1 leave as manager, kept old"]);
    assert.ok(left && !("kept" in left.outputs));
  });

  test("is not stopped where its cluster refuses", async () => {
    const fake = fakeKind({ refuse: "prepare" });
    const stateDir = join(scratch, "refused");
    const type = qemuVm({ stateDir, cacheDir: scratch }, undefined, { fake: fake.load });
    await machine(stateDir, "m1-1", "m1");
    const update = type.update?.({
      ...subject,
      id: "m1-1",
      inputs: { ...INPUTS, digest: "sha256:1" },
      oldInputs: INPUTS,
      oldOutputs: OUTPUTS,
    });
    await assert.rejects(update ?? Promise.resolve(), /no quorum/);
    assert.ok((await readMachineFolder(stateDir, "m1-1"))?.record?.machine);
  });

  test("leaves before it is deleted, also when it does not run, and not where the cluster refuses", async () => {
    const stateDir = join(scratch, "delete");
    const folders = { stateDir, cacheDir: scratch };
    const refusing = qemuVm(folders, undefined, { fake: fakeKind({ refuse: "leave" }).load });
    await machine(stateDir, "m1-1", "m1", {}, false);
    const request = { ...subject, id: "m1-1", inputs: INPUTS, outputs: OUTPUTS };
    await assert.rejects(refusing.delete?.(request) ?? Promise.resolve(), /no quorum/);
    assert.ok(await readMachineFolder(stateDir, "m1-1"));
    const fake = fakeKind({});
    await qemuVm(folders, undefined, { fake: fake.load }).delete?.(request);
    assert.deepEqual(fake.calls, ["m1 leave as manager, kept old"]);
    assert.equal(await readMachineFolder(stateDir, "m1-1"), undefined);
  });

  test("need not leave a cluster that ends as a whole", async () => {
    const fake = fakeKind({});
    const stateDir = join(scratch, "whole");
    const folders = { stateDir, cacheDir: scratch };
    const cluster = qemuCluster(folders);
    const type = qemuVm(folders, undefined, { fake: fake.load });
    for (const name of ["m1", "m2"]) await machine(stateDir, `${name}-1`, name, {}, false);
    const inputs = { machines: ["m1-1", "m2-1", "m3-gone"] };
    await cluster.delete?.({ ...subject, id: "c", inputs, outputs: inputs });
    await type.delete?.({ ...subject, id: "m1-1", inputs: INPUTS, outputs: OUTPUTS });
    assert.deepEqual(fake.calls, []);
    // an up after an interrupted deletion keeps the cluster
    await cluster.create({ ...subject, inputs });
    await type.delete?.({ ...subject, id: "m2-1", inputs: { ...INPUTS, network: place("m2") }, outputs: OUTPUTS });
    assert.deepEqual(fake.calls, ["m2 leave as manager, kept old"]);
  });

  test("knows the machines of its kind in its network, and where they answer", async () => {
    const fake = fakeKind({});
    const stateDir = join(scratch, "nodes");
    const type = qemuVm({ stateDir, cacheDir: scratch }, undefined, { fake: fake.load });
    await machine(stateDir, "m1-1", "m1");
    await machine(stateDir, "m2-1", "m2", {}, false);
    await machine(stateDir, "m3-1", "m3", { network: { ...place("m3"), socket: "/other/switch" } });
    await machine(stateDir, "m4-1", "m4", { member: { kind: "other", role: "manager" } });
    await type.update?.({ ...subject, id: "m1-1", inputs: INPUTS, oldInputs: INPUTS, oldOutputs: OUTPUTS });
    const ports = { "2376/tcp": "127.0.0.1:4001" };
    assert.deepEqual(await fake.nodes(), [
      { name: "m1", address: "10.77.0.11", role: "manager", running: true, ports },
      { name: "m2", address: "10.77.0.12", role: "manager", running: false, ports },
    ]);
  });

  test("of a kind that is not known is refused", async () => {
    const type = qemuVm({ stateDir: join(scratch, "unknown"), cacheDir: scratch }, undefined, { fake: fakeKind({}).load });
    const inputs = { ...INPUTS, member: { ...INPUTS.member, kind: "swarn" } } as VmInputs;
    const call = { ...subject, id: "m1-1", inputs, outputs: OUTPUTS };
    await assert.rejects(type.delete?.(call) ?? Promise.resolve(), /member\.kind: got "swarn", wanted one of fake/);
  });

  test("outside a network is refused, and its change never replaces the machine", async () => {
    const type = qemuVm({ stateDir: scratch, cacheDir: scratch });
    const { network: _network, ...given } = INPUTS;
    const checked = await type.check?.({ ...subject, inputs: given as unknown as Properties, isSecret: () => false });
    assert.deepEqual(checked?.failures, [
      { path: "member", message: "got a place in a cluster without network: wanted network beside it" },
    ]);
    const news = { ...INPUTS, rollBack: false, member: { ...INPUTS.member, keys: { ...keys, key: "ANOTHER" } } };
    const diff = await type.diff?.({
      ...{ ...subject, id: "m1-1", inputs: news as unknown as Properties },
      ...{ oldInputs: { ...INPUTS, rollBack: false }, oldOutputs: OUTPUTS },
    });
    assert.deepEqual([...(diff?.changed ?? [])], [["member.keys.key", "update"]]);
  });
});
