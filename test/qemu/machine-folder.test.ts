import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import {
  defaultStateDir,
  findOrphans,
  listMachineFolders,
  machinePath,
  makeMachineFolder,
  type MachineRecord,
  newId,
  readMachineFolder,
  removeMachineFolder,
  self,
  stackIdentity,
} from "../../providers/qemu/plugin/machine-folder.ts";
import { identify, isAlive, type ProcessId, signalProcess, waitForEnd } from "../../providers/qemu/plugin/process-id.ts";

const scratch = await mkdtemp(join(tmpdir(), "machine-folder-"));
after(() => rm(scratch, { recursive: true, force: true }));
const URN = "urn:pulumi:dev::shop::linuxkit:index:QemuVm::web";

function recordOf(maker: ProcessId, changes: Partial<MachineRecord> = {}): MachineRecord {
  return {
    version: 1,
    urn: URN,
    owner: stackIdentity(URN),
    phase: "running",
    maker,
    nonce: "n",
    publish: [],
    accelerator: "tcg",
    inputs: {},
    ...changes,
  };
}

/** Identity of a process that has ended. */
async function endedProcess(): Promise<ProcessId> {
  const child = spawn("/bin/sh", ["-c", "read line"], { stdio: ["pipe", "ignore", "ignore"] });
  const found = await identify(child.pid as number);
  child.stdin.end();
  await once(child, "close");
  assert.ok(found);
  return found;
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
  test("differs between stacks, backends and checkouts", () => {
    const identities = [
      stackIdentity(URN, {}, "/a"),
      stackIdentity(URN.replace("dev", "prod"), {}, "/a"),
      stackIdentity(URN, { PULUMI_BACKEND_URL: "file:///x" }, "/a"),
      stackIdentity(URN, {}, "/b"),
    ];
    assert.equal(new Set(identities).size, identities.length);
    assert.equal(stackIdentity(URN, {}, "/a"), identities[0]);
  });

  test("contains the name of the resource, and is unique", () => {
    assert.match(newId("Web server/1", "0123456789abcdef"), /^web-server-1-01234567-[0-9a-f]{8}$/);
    assert.match(newId("…", "0123456789abcdef"), /^machine-01234567-[0-9a-f]{8}$/);
    assert.notEqual(newId("web", "0123456789abcdef"), newId("web", "0123456789abcdef"));
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

  test("is an orphan if the process that created it died and no state names it", async () => {
    const stateDir = join(scratch, "orphans");
    const [here, gone] = [await self(), await endedProcess()];
    const other = { urn: "urn:other", owner: stackIdentity("urn:other") };
    const rows: [id: string, record: MachineRecord, orphan: boolean][] = [
      ["being-made", recordOf(here, { phase: "starting" }), false],
      ["cut-short", recordOf(gone, { phase: "starting" }), true],
      ["cut-short-elsewhere", recordOf(gone, { phase: "starting", ...other }), true],
      ["lost", recordOf(gone), true],
      ["known", recordOf(gone), false],
      ["of-another-stack", recordOf(gone, other), false],
      // another process has the PID of the one that created it
      ["recycled", recordOf({ ...here, started: "long ago" }, { phase: "starting" }), true],
    ];
    for (const [id, record] of rows) await makeMachineFolder(stateDir, id, record);
    const orphans = await findOrphans(stateDir, stackIdentity(URN), new Set(["known"]));
    assert.deepEqual(
      orphans.map(({ id }) => id).sort(),
      rows
        .filter(([, , orphan]) => orphan)
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
