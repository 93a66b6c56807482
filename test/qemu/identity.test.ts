import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { qemuDisk } from "../../providers/qemu/plugin/disk.ts";
import { beginFleet, endFleet, findUnfinishedFleets } from "../../providers/qemu/plugin/fleet-journal.ts";
import { findMembers } from "../../providers/qemu/plugin/fleet-members.ts";
import { type FleetOutputs, qemuGate } from "../../providers/qemu/plugin/gate.ts";
import { clearLeftovers } from "../../providers/qemu/plugin/leftovers.ts";
import { listMachineFolders, makeMachineFolder, type MachineRecord, self } from "../../providers/qemu/plugin/machine-folder.ts";
import { identify, isAlive, type ProcessId, signalProcess, waitForEnd } from "../../providers/qemu/plugin/process-id.ts";
import { qemuVm } from "../../providers/qemu/plugin/vm.ts";
import type { FleetInputs } from "../../providers/qemu/plugin/fleet-inputs.ts";
import type { VmInputs } from "../../providers/qemu/plugin/vm-inputs.ts";
import { endedProcess } from "./ended-process.ts";

const scratch = await mkdtemp(join(tmpdir(), "identity-"));
after(() => rm(scratch, { recursive: true, force: true }));

const URN = "urn:pulumi:dev::shop::linuxkit:index:QemuVm::web";
const INPUTS = { digest: "sha256:0", publish: [], disks: [], memoryMiB: 256 } as unknown as VmInputs;
const FLEET = { kind: "qemu", fleet: "web", count: 1 } as unknown as FleetInputs;

/** Stand-ins for QEMU, ended with the test. */
class Machines implements AsyncDisposable {
  readonly folders: { readonly stateDir: string; readonly cacheDir: string };
  readonly gone: ProcessId;
  readonly #processes: ReturnType<typeof spawn>[] = [];

  constructor(stateDir: string, gone: ProcessId) {
    this.folders = { stateDir, cacheDir: join(stateDir, "..", "cache") };
    this.gone = gone;
  }

  static async make(): Promise<Machines> {
    return new Machines(join(await mkdtemp(join(scratch, "host-")), "state"), await endedProcess());
  }

  /** A machine that runs, started by a process that has ended. */
  async start(id: string, changes: Partial<MachineRecord> = {}): Promise<ProcessId> {
    const child = spawn("/bin/sh", ["-c", "read line"], { stdio: ["pipe", "ignore", "ignore"] });
    this.#processes.push(child);
    const machine = await identify(child.pid as number);
    assert.ok(machine);
    const record = { version: 1, urn: URN, phase: "running", maker: this.gone, nonce: "n", publish: [], accelerator: "tcg" } as const;
    await makeMachineFolder(this.folders.stateDir, id, { ...record, machine, inputs: { ...INPUTS, arch: "amd64" }, ...changes });
    return machine;
  }

  /** The entry of a fleet whose creation was killed. */
  async interruptFleet(id: string, urn = URN, maker = this.gone): Promise<void> {
    await mkdir(join(this.folders.stateDir, "fleets"), { recursive: true });
    await writeFile(join(this.folders.stateDir, "fleets", `${id}.json`), JSON.stringify({ id, urn, maker }));
  }

  /** Records that no version of this library has written. */
  async damage(): Promise<void> {
    const { stateDir } = this.folders;
    for (const folder of ["machines", "fleets"]) await mkdir(join(stateDir, folder), { recursive: true });
    for (const [index, text] of ["{", "null", "[]", "{}", '{"phase":"starting"}', "x".repeat(2 << 20)].entries()) {
      await writeFile(join(stateDir, "fleets", `damaged-${index}.json`), text);
      await mkdir(join(stateDir, "machines", `damaged-${index}`));
      await writeFile(join(stateDir, "machines", `damaged-${index}`, "machine.json"), text);
    }
    await mkdir(join(stateDir, "machines", "pipe-1"));
    execFileSync("mkfifo", [join(stateDir, "machines", "pipe-1", "machine.json"), join(stateDir, "fleets", "pipe.json")]);
  }

  work(urn = URN) {
    const messages: string[] = [];
    const progress = ({ message }: { message: string }): void => void messages.push(message);
    return { urn, name: "web", config: {}, timeoutSeconds: 60, signal: AbortSignal.timeout(60_000), progress, messages };
  }

  async ids(): Promise<string[]> {
    return (await listMachineFolders(this.folders.stateDir)).map(({ id }) => id).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#processes) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  }
}

describe("a start of machines", () => {
  test("clears what no state can hold, and nothing else, whatever the name", async () => {
    await using machines = await Machines.make();
    const { folders } = machines;
    await machines.damage();
    const kept = {
      // the first stack was renamed, dropped it with retainOnDelete, or is in another backend
      "web-1-1": await machines.start("web-1-1"),
      // written by an earlier version
      "web-1-2": await machines.start("web-1-2", { owner: "0123456789abcdef" }),
      "web-1-3": await machines.start("web-1-3", { phase: "restarting" }),
      "web-1-4": await machines.start("web-1-4", { phase: "starting", maker: await self() }),
      "web-0-5": await machines.start("web-0-5", { owner: "web-f-1", member: { slot: 0, generation: "" } }),
    };
    const cleared = {
      "web-2-1": await machines.start("web-2-1", { phase: "starting" }),
      "web-2-2": await machines.start("web-2-2", { phase: "starting", urn: "urn:of:another:stack" }),
      "web-0-3": await machines.start("web-0-3", { owner: "web-f-2", member: { slot: 0, generation: "" } }),
      "web-1-5": await machines.start("web-1-5", { owner: "web-f-2", member: { slot: 1, generation: "" }, phase: "starting" }),
    };
    await machines.interruptFleet("web-f-2", "urn:of:another:stack");
    const work = machines.work();
    await clearLeftovers(folders, work);
    assert.deepEqual(await machines.ids(), Object.keys(kept).sort());
    for (const [id, machine] of Object.entries(kept)) assert.equal(await isAlive(machine), true, id);
    for (const [id, machine] of Object.entries(cleared)) assert.equal(await isAlive(machine), false, id);
    assert.deepEqual(
      work.messages.sort(),
      Object.keys(cleared)
        .sort()
        .map((id) => `stopping ${id}, left by an interrupted run`),
    );
    assert.deepEqual(await findUnfinishedFleets(folders.stateDir), []);
  });

  test("keeps a machine that was imported after its creation was interrupted", async () => {
    await using machines = await Machines.make();
    const machine = await machines.start("web-1-1", { phase: "starting" });
    const type = qemuVm(machines.folders);
    const found = await type.read?.({ ...machines.work(), id: "web-1-1" });
    assert.equal(found?.outputs.running, true);
    await clearLeftovers(machines.folders, machines.work());
    assert.equal(await isAlive(machine), true);
  });

  test("clears nothing that a container which shares the state folder creates", async () => {
    await using machines = await Machines.make();
    const { folders, gone } = machines;
    const maker = { ...gone, space: "pid:[1]" };
    const machine = await machines.start("web-1-1", { phase: "starting", maker });
    const one = await machines.start("web-0-1", { owner: "web-a-1", member: { slot: 0, generation: "" } });
    await machines.interruptFleet("web-a-1", "urn:of:another:stack", maker);
    await clearLeftovers(folders, machines.work());
    assert.deepEqual([await isAlive(machine), await isAlive(one)], [true, true]);
    assert.equal(await qemuVm(folders).read?.({ ...machines.work(), id: "web-1-1" }), undefined);
    assert.equal(await qemuGate(folders).read?.({ ...machines.work(), id: "qemu:web-a-1" }), undefined);
  });

  test("an import waits for a creation under way", async () => {
    await using machines = await Machines.make();
    await machines.start("web-1-1", { phase: "starting", maker: await self() });
    assert.equal(await qemuVm(machines.folders).read?.({ ...machines.work(), id: "web-1-1" }), undefined);
  });
});

describe("a machine", () => {
  test("keeps its id under another stack, name or folder, and its record follows", async () => {
    await using machines = await Machines.make();
    await machines.start("web-1-1");
    const type = qemuVm(machines.folders);
    const renamed = "urn:pulumi:prod::other::linuxkit:index:QemuVm::www";
    const { outputs } = (await type.read?.({ ...machines.work(), id: "web-1-1", inputs: INPUTS, outputs: {} as never })) ?? {};
    const after = await type.read?.({ ...machines.work(renamed), id: "web-1-1", inputs: INPUTS, outputs: {} as never });
    assert.deepEqual(after?.outputs, outputs);
    assert.equal((await listMachineFolders(machines.folders.stateDir))[0]?.record?.urn, renamed);
  });

  test("is restarted when its restart was interrupted", async () => {
    await using machines = await Machines.make();
    await machines.start("web-1-1", { phase: "restarting" });
    const found = await qemuVm(machines.folders).read?.({ ...machines.work(), id: "web-1-1", inputs: INPUTS, outputs: {} as never });
    assert.equal(found?.outputs.running, false);
  });
});

describe("what a state holds", () => {
  const member = { slot: 0, generation: "" };
  /** A host whose environment has come to name another state folder, with a machine, a fleet and a disk in the first one. */
  async function moved() {
    const machines = await Machines.make();
    const elsewhere = { ...machines.folders, stateDir: `${machines.folders.stateDir}-elsewhere` };
    // the guest of a stand-in does not hear its power button
    const work = { ...machines.work(), signal: AbortSignal.abort() };
    const machine = await machines.start("web-1-1");
    const one = await machines.start("web-0-1", { owner: "web-a-1", member });
    const described = async (type: ReturnType<typeof qemuVm> | ReturnType<typeof qemuGate>, id: string) =>
      (await type.read?.({ ...machines.work(), id }))?.outputs as never;
    const outputs = await described(qemuVm(machines.folders), "web-1-1");
    const fleet = await described(qemuGate(machines.folders), "qemu:web-a-1");
    const disk = await qemuDisk(machines.folders).create({ ...machines.work(), inputs: { sizeMiB: 1, serial: "data" } });
    return { machines, elsewhere, work, machine, one, outputs, fleet, disk };
  }

  test("stays where it was made when the environment names another state folder", async () => {
    const { machines, elsewhere, work, machine, one, outputs, fleet, disk } = await moved();
    await using _ = machines;
    const held = { inputs: INPUTS, outputs };
    assert.equal((await qemuVm(elsewhere).read?.({ ...work, id: "web-1-1", ...held }))?.outputs.running, true);
    assert.equal((await qemuGate(elsewhere).read?.({ ...work, id: "qemu:web-a-1", inputs: FLEET, outputs: fleet }))?.outputs.running, 1);
    const inputs = { sizeMiB: 2, serial: "data" };
    const grown = await qemuDisk(elsewhere).update?.({ ...work, ...disk, inputs, oldInputs: inputs, oldOutputs: disk.outputs });
    assert.equal(grown?.outputs.path, disk.outputs.path);
    assert.equal((await stat(disk.outputs.path)).size, 2 << 20);

    await Promise.all([
      qemuVm(elsewhere).delete?.({ ...work, id: "web-1-1", ...held }),
      qemuGate(elsewhere).delete?.({ ...work, id: "qemu:web-a-1", inputs: FLEET, outputs: fleet }),
    ]);
    await qemuDisk(elsewhere).delete?.({ ...work, ...disk, inputs });
    assert.deepEqual([await isAlive(machine), await isAlive(one)], [false, false]);
    await assert.rejects(stat(machines.folders.stateDir), { code: "ENOENT" });
    assert.ok(!work.messages.some((message) => /not found/.test(message)));
  });

  test("is found in a state folder that was moved as a whole", async () => {
    const { machines, elsewhere, work, outputs, disk } = await moved();
    await using _ = machines;
    await rename(machines.folders.stateDir, elsewhere.stateDir);
    const machine = await qemuVm(elsewhere).read?.({ ...work, id: "web-1-1", inputs: INPUTS, outputs });
    assert.deepEqual(
      [machine?.outputs.running, machine?.outputs.consoleLog],
      [true, join(elsewhere.stateDir, "machines", "web-1-1", "console.log")],
    );
    const found = await qemuDisk(elsewhere).read?.({ ...work, ...disk, inputs: { sizeMiB: 1, serial: "data" } });
    assert.equal(found?.outputs.path, join(elsewhere.stateDir, "disks", `${disk.id}.img`));
  });

  test("is named where it is not on this host, by a refresh and by a destroy", async () => {
    await using machines = await Machines.make();
    const { folders } = machines;
    const work = machines.work();
    const far = (path: string) => join("/home/ann/.local/state/pulumi-linuxkit", path);
    const machine = { consoleLog: far("machines/web-1-1/console.log") };
    const rows: [type: { read?: unknown; delete?: unknown }, id: string, outputs: unknown, what: string][] = [
      [qemuVm(folders), "web-1-1", machine, "machine web-1-1"],
      [qemuGate(folders), "qemu:web-a-1", { machines: [{ id: "web-0-1", ...machine }] }, "fleet web-a-1"],
      [qemuDisk(folders), "data-1-1", { path: far("disks/data-1-1.img") }, "disk data-1-1"],
    ];
    for (const [type, id, outputs, what] of rows) {
      const { read, delete: end } = type as Required<Pick<ReturnType<typeof qemuVm>, "read" | "delete">>;
      const request = { ...work, id, inputs: INPUTS, outputs: outputs as never };
      assert.equal(await read(request), undefined);
      await end(request);
      const said = `${what} not found in ${folders.stateDir} on ${hostname()}: if another user or host has it, end it there`;
      assert.deepEqual(work.messages.splice(0), [said, said]);
    }
  });

  test("is not taken for missing where this user may not look", async () => {
    await using machines = await Machines.make();
    const { folders } = machines;
    await mkdir(join(folders.stateDir, "machines"), { recursive: true });
    await mkdir(join(folders.stateDir, "disks"));
    // root may look everywhere, but not through a link to itself
    for (const path of ["machines/web-1-1", "disks/data-1-1.img"]) await symlink("./../".concat(path), join(folders.stateDir, path));
    const request = { ...machines.work(), inputs: INPUTS, outputs: {} as never };
    for (const [type, id] of [
      [qemuVm(folders), "web-1-1"],
      [qemuDisk(folders), "data-1-1"],
    ] as const) {
      const { read, delete: end } = type as Required<Pick<ReturnType<typeof qemuVm>, "read" | "delete">>;
      const refused = { code: "UNWRITABLE", message: /^cannot look into .*run Pulumi as the user who owns it; to forget/ };
      await assert.rejects(async () => read({ ...request, id }), refused);
      await assert.rejects(async () => end({ ...request, id }), refused);
    }
  });

  test("keeps the disk of a machine that runs on", async () => {
    await using machines = await Machines.make();
    const { folders } = machines;
    const type = qemuDisk(folders);
    const disk = await type.create({ ...machines.work(), inputs: { sizeMiB: 1, serial: "data" } });
    await symlink(disk.outputs.path, join(scratch, "another-path.img"));
    const disks = [{ path: join(scratch, "another-path.img"), format: "raw", serial: "data" }];
    const machine = await machines.start("web-1-1", { inputs: { arch: "amd64", disks } as never });
    const request = { ...machines.work(), ...disk, inputs: { sizeMiB: 1, serial: "data" } };
    await assert.rejects(async () => type.delete?.(request), {
      code: "UNSUPPORTED",
      message: `disk ${disk.id}: the machine web-1-1 runs with it: end the machine first, or keep the disk too with retainOnDelete`,
    });
    assert.equal((await stat(disk.outputs.path)).size, 1 << 20);
    await signalProcess(machine, "SIGKILL");
    assert.equal(await waitForEnd(machine, 10_000), true);
    await type.delete?.(request);
    await assert.rejects(stat(disk.outputs.path), { code: "ENOENT" });
  });
});

describe("a fleet", () => {
  const outputs = (...ids: string[]): FleetOutputs => ({ machines: ids.map((id) => ({ id })), urls: [], running: 1 }) as never;
  const member = { slot: 0, generation: "" };

  test("owns the machines of its id, and those that an earlier version started", async () => {
    await using machines = await Machines.make();
    const { stateDir } = machines.folders;
    const legacy = { owner: "0123456789abcdef", member };
    await machines.start("web-0-1", { owner: "web-11111111-22222222", member });
    await machines.start("web-0-2", { owner: "web-11111111-33333333", member });
    await machines.start("web-0-3", legacy);
    await machines.start("web-0-4", { owner: "fedcba9876543210", member });
    await machines.start("web-0-5", { owner: "0123456789abcdef" });
    const rows: [id: string, listed: string[], members: string[]][] = [
      ["web-11111111-22222222", [], ["web-0-1"]],
      ["web-11111111-33333333", [], ["web-0-2"]],
      // an id of an earlier version starts with the hash that its machines have
      ["web-01234567-99999999", [], ["web-0-3"]],
      // after a rename, the earlier version gave its machines another hash: the state lists them
      ["web-77777777-99999999", ["web-0-4"], ["web-0-4"]],
      // a machine of another fleet is not taken by naming it
      ["web-77777777-99999999", ["web-0-1"], []],
    ];
    for (const [id, listed, wanted] of rows)
      assert.deepEqual(
        (await findMembers(stateDir, { id, machines: listed })).map(({ folder }) => folder.id),
        wanted,
        id,
      );
  });

  test("is deleted by its id: a fleet with the same URN goes on", async () => {
    await using machines = await Machines.make();
    const ours = await machines.start("web-0-1", { owner: "web-a-1", member });
    const theirs = await machines.start("web-0-2", { owner: "web-b-1", member });
    const gate = qemuGate(machines.folders);
    // the guest of a stand-in does not hear its power button
    const work = { ...machines.work(), signal: AbortSignal.abort() };
    await gate.delete?.({ ...work, id: "qemu:web-a-1", inputs: FLEET, outputs: outputs("web-0-1") });
    assert.deepEqual([await isAlive(ours), await isAlive(theirs)], [false, true]);
    assert.deepEqual(await machines.ids(), ["web-0-2"]);
  });

  test("can be imported, and is no leftover any more", async () => {
    await using machines = await Machines.make();
    const machine = await machines.start("web-0-1", { owner: "web-11111111-22222222", member });
    await machines.interruptFleet("web-11111111-22222222");
    const found = await qemuGate(machines.folders).read?.({ ...machines.work(), id: "qemu:web-11111111-22222222" });
    assert.equal(found?.outputs.running, 1);
    assert.deepEqual(found?.inputs, {
      kind: "qemu",
      fleet: "web",
      count: 1,
      digest: "sha256:0",
      publish: [],
      memoryMiB: 256,
      arch: "amd64",
    });
    await clearLeftovers(machines.folders, machines.work());
    assert.equal(await isAlive(machine), true);
  });

  test("goes on with what its interrupted creation has started, and leaves no entry", async () => {
    await using machines = await Machines.make();
    const { folders } = machines;
    const machine = await machines.start("web-0-1", { owner: "web-a-1", member });
    await machines.interruptFleet("web-a-1");
    await clearLeftovers(folders, machines.work(), { except: URN });
    assert.equal(await beginFleet(folders, "web", URN, AbortSignal.timeout(10_000)), "web-a-1");
    assert.equal(await isAlive(machine), true);
    // it belongs to this process now: another one starts afresh
    const other = await beginFleet(folders, "web", URN, AbortSignal.timeout(10_000));
    assert.match(other, /^web-[0-9a-f]{8}-[0-9a-f]{8}$/);
    for (const id of ["web-a-1", other]) await endFleet(folders.stateDir, id);
    assert.deepEqual(await readdir(folders.stateDir), ["machines"]);
  });
});
