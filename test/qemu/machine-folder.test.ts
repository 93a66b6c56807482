import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import {
  defaultStateDir,
  findLeftovers,
  listMachineFolders,
  machinePath,
  makeMachineFolder,
  type MachineRecord,
  newId,
  readMachineFolder,
  removeMachineFolder,
  self,
} from "../../providers/qemu/plugin/machine-folder.ts";
import { identify, isAlive, type ProcessId, signalProcess, waitForEnd } from "../../providers/qemu/plugin/process-id.ts";
import { endedProcess } from "./ended-process.ts";

const scratch = await mkdtemp(join(tmpdir(), "machine-folder-"));
after(() => rm(scratch, { recursive: true, force: true }));
const URN = "urn:pulumi:dev::shop::linuxkit:index:QemuVm::web";

function recordOf(maker: ProcessId, changes: Partial<MachineRecord> = {}): MachineRecord {
  return {
    version: 1,
    urn: URN,
    phase: "running",
    maker,
    nonce: "n",
    publish: [],
    accelerator: "tcg",
    inputs: {},
    ...changes,
  };
}

describe("the default state folder", () => {
  const rows: [env: NodeJS.ProcessEnv, want: RegExp][] = [
    [{ PULUMI_LINUXKIT_STATE: "/s" }, /^\/s$/],
    [{ XDG_STATE_HOME: "/x" }, /^\/x\/pulumi-linuxkit$/],
    [{}, /\/\.local\/state\/pulumi-linuxkit$/],
  ];
  for (const [env, want] of rows) test(JSON.stringify(env), () => assert.match(defaultStateDir(env), want));
});

describe("a machine's ID", () => {
  test("is random, and starts with the name of the resource", () => {
    assert.match(newId("Web server/1"), /^web-server-1-[0-9a-f]{8}-[0-9a-f]{8}$/);
    assert.match(newId("…"), /^machine-[0-9a-f]{8}-[0-9a-f]{8}$/);
    const ids = Array.from({ length: 100 }, () => newId("web"));
    assert.equal(new Set(ids.map((id) => id.split("-").at(-2))).size, 100);
    assert.equal(new Set(ids.map((id) => id.split("-").at(-1))).size, 100);
  });

  for (const id of ["", "..", "../disks", "a/b", "/etc", "A", "a".repeat(65)]) {
    test(`${JSON.stringify(id)} is refused`, () => assert.throws(() => machinePath("/s", id), { code: "INVALID_DEFINITION" }));
  }
});

describe("a machine's folder", () => {
  test("is private to the user, can be read back, and leaves nothing", async () => {
    const stateDir = join(scratch, "one");
    const record = recordOf(await self());
    await makeMachineFolder(stateDir, "web-1", record);
    assert.equal((await stat(machinePath(stateDir, "web-1"))).mode & 0o777, 0o700);
    assert.equal((await stat(join(machinePath(stateDir, "web-1"), "machine.json"))).mode & 0o777, 0o600);
    assert.deepEqual((await readMachineFolder(stateDir, "web-1"))?.record, record);
    assert.equal((await listMachineFolders(stateDir)).length, 1);
    await removeMachineFolder(stateDir, "web-1");
    assert.equal(await readMachineFolder(stateDir, "web-1"), undefined);
    await assert.rejects(readdir(stateDir), { code: "ENOENT" });
  });

  test("is listed beside what is none, and beside one whose record is damaged", async () => {
    const dir = join(scratch, "beside");
    await makeMachineFolder(dir, "web-1", recordOf(await self()));
    for (const name of ["lost+found", ".DS_Store", "Web"]) await mkdir(join(dir, "machines", name));
    await writeFile(join(dir, "machines", "note.txt"), "");
    await makeMachineFolder(dir, "torn-1", recordOf(await self()));
    await writeFile(join(dir, "machines", "torn-1", "machine.json"), '{"version":');
    assert.deepEqual(
      (await listMachineFolders(dir)).map(({ id }) => id),
      ["web-1"],
    );
    await assert.rejects(readMachineFolder(dir, "torn-1"), {
      code: "CORRUPT",
      message: /machine\.json: the record of a machine is damaged: end/,
    });
  });
  test("is a leftover only if the process that created it died before the end", async () => {
    const stateDir = join(scratch, "leftovers");
    const [here, gone] = [await self(), await endedProcess()];
    const member = { slot: 0, generation: "" };
    const rows: [id: string, record: MachineRecord, isLeftover: boolean][] = [
      ["being-made", recordOf(here, { phase: "starting" }), false],
      // a container that shares the state folder creates it, or created it before the host started again
      ["being-made-in-a-container", recordOf({ ...gone, space: "pid:[1]" }, { phase: "starting" }), false],
      ["cut-short-in-a-container", recordOf({ ...gone, started: "boot:1", space: "pid:[1]" }, { phase: "starting" }), true],
      ["cut-short", recordOf(gone, { phase: "starting" }), true],
      ["cut-short-elsewhere", recordOf(gone, { phase: "starting", urn: "urn:other" }), true],
      // another process has the PID of the one that created it
      ["recycled", recordOf({ ...here, started: "long ago" }, { phase: "starting" }), true],
      // a state may hold it: under another name, in another backend, or no more
      ["created", recordOf(gone), false],
      ["created-by-an-earlier-version", recordOf(gone, { owner: "0123456789abcdef" }), false],
      ["being-restarted", recordOf(here, { phase: "restarting" }), false],
      ["cut-short-restart", recordOf(gone, { phase: "restarting" }), false],
      ["of-a-fleet", recordOf(gone, { phase: "starting", member, owner: "web-1-2" }), false],
    ];
    for (const [id, record] of rows) await makeMachineFolder(stateDir, id, record);
    assert.deepEqual(
      (await findLeftovers(stateDir)).map(({ id }) => id).sort(),
      rows
        .filter(([, , isLeftover]) => isLeftover)
        .map(([id]) => id)
        .sort(),
    );
  });
});

describe("a process", () => {
  test("is told apart from another one with its PID", async () => {
    const child = spawn("/bin/sh", ["-c", "read line"], { stdio: ["pipe", "ignore", "ignore"] });
    const real = await identify(child.pid as number);
    assert.ok(real);
    const stale = { ...real, started: `${real.started}0` };
    assert.deepEqual([await isAlive(real), await isAlive(stale)], [true, false]);
    await signalProcess(stale, "SIGKILL");
    assert.equal(await waitForEnd(real, 0), false);
    await signalProcess(real, "SIGKILL");
    assert.equal(await waitForEnd(real, 10_000), true);
    assert.equal(await identify(real.pid), undefined);
  });

  test("can be signalled after its end without an error", async () => {
    const gone = await endedProcess();
    await signalProcess(gone, "SIGTERM");
    assert.equal(await waitForEnd(gone, 0), true);
  });
});
