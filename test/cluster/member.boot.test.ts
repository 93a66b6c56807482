import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { listMachineFolders } from "../../providers/qemu/plugin/machine-folder.ts";
import { qemuNetwork } from "../../providers/qemu/plugin/network.ts";
import { discard } from "../../providers/qemu/plugin/start.ts";
import { qemuVm } from "../../providers/qemu/plugin/vm.ts";
import type { VmInputs } from "../../providers/qemu/plugin/vm-inputs.ts";
import { defaultCacheDir } from "../../sdk/cache/location.ts";
import type { Properties } from "../../sdk/plugin/value.ts";
import { guest } from "../qemu/guest.ts";
import { fakeKind, memberCall } from "./fake-member.ts";

test("a machine that its cluster does not take again gives way to its old image", { timeout: 900_000 }, async () => {
  const stateDir = await mkdtemp(join(tmpdir(), "member-"));
  const folders = { stateDir, cacheDir: defaultCacheDir() };
  const fake = fakeKind({ kept: { unlock: "first" } });
  const type = qemuVm(folders, undefined, { fake: fake.load });
  const lan = qemuNetwork(folders);
  const call = { ...memberCall(), timeoutSeconds: 300 };
  const network = { cidr: "10.77.0.0/24", hosts: {} };
  const { id: lanId, outputs: lanOutputs } = await lan.create({ ...call, inputs: network });
  try {
    const given = {
      ...(await guest("web")),
      publish: ["0:80"],
      network: { socket: lanOutputs.socket, address: "10.77.0.11/24", hostname: "m1" },
      member: { kind: "fake", role: "manager", keys: { ca: "CA", certificate: "C", key: "K" } },
    };
    const checked = await type.check?.({ ...call, inputs: given as unknown as Properties, isSecret: () => false });
    const inputs = checked?.inputs as unknown as VmInputs;
    assert.deepEqual(checked?.failures, []);

    // one that it does not take at all leaves nothing
    fake.refuse("rejoin");
    await assert.rejects(type.create({ ...call, inputs }), /no quorum/);
    assert.deepEqual(await listMachineFolders(stateDir), []);
    fake.refuse(undefined);
    const { id, outputs } = await type.create({ ...call, inputs });
    const first = await fake.nodes();
    assert.deepEqual(
      first.map(({ name, running }) => [name, running]),
      [["m1", true]],
    );

    // the second rejoin is that of the old image
    fake.calls.length = 0;
    fake.refuseOnce("rejoin");
    const update = type.update?.({
      ...{ ...call, id, inputs: { ...inputs, memoryMiB: 300 } },
      ...{ oldInputs: inputs, oldOutputs: { ...outputs, kept: { unlock: "first" } } },
    });
    await assert.rejects(update ?? Promise.resolve(), /no quorum\nthe old image runs again/);
    assert.deepEqual(
      fake.calls.map((line) => line.split(" ")[1]),
      ["prepare", "rejoin", "rejoin"],
    );
    assert.match(await (await fetch(outputs.url)).text(), /it works/);
    const [machine] = await listMachineFolders(stateDir);
    assert.equal((machine?.record?.inputs as VmInputs | undefined)?.memoryMiB, 256);
    assert.ok(!JSON.stringify(machine?.record).includes('"CA"'));
    await type.delete?.({ ...call, id, inputs, outputs });
  } finally {
    for (const { id } of await listMachineFolders(stateDir)) await discard(id, stateDir);
    await lan.delete?.({ ...call, id: lanId, inputs: network, outputs: lanOutputs });
    await rm(stateDir, { recursive: true, force: true });
  }
});
