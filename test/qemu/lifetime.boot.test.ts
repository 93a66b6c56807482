import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { VmOutputs } from "../../providers/qemu/plugin/vm-outputs.ts";
import { qemuDisk } from "../../providers/qemu/plugin/disk.ts";
import type { Properties } from "../../sdk/plugin/value.ts";
import { guest } from "./guest.ts";
import { MachineRun, processesWith } from "./machine-run.ts";

const MAKER = fileURLToPath(new URL("make-machine.ts", import.meta.url));

/** Starts a process that creates a machine. @returns the process and the lines of its output */
function maker(stateDir: string, given: Properties): { readonly child: ChildProcess; readonly lines: AsyncIterable<string> } {
  const child = spawn(process.execPath, [MAKER, stateDir, JSON.stringify(given)], { stdio: ["ignore", "pipe", "inherit"] });
  assert.ok(child.stdout);
  return { child, lines: createInterface({ input: child.stdout }) };
}

describe("a machine and the process that created it", { timeout: 600_000 }, () => {
  test("the machine outlives the process", async () => {
    await using run = await MachineRun.make();
    const { child, lines } = maker(run.stateDir, { ...(await guest("web")), publish: ["0:80"] });
    const ended = once(child, "close");
    let last = "";
    for await (const line of lines) last = line;
    assert.deepEqual(await ended, [0, null]);
    const { id, outputs } = JSON.parse(last) as { id: string; outputs: VmOutputs };
    assert.deepEqual(await run.adopt(id), outputs);
    assert.match(await (await fetch(outputs.url)).text(), /it works/);
    await run.delete(id);
    assert.deepEqual(await processesWith(id), []);
  });

  test("a killed process leaves a machine, which the next start ends", async () => {
    await using run = await MachineRun.make();
    const given = await guest("web");
    const { child, lines } = maker(run.stateDir, given);
    for await (const line of lines) if (line.includes('"kernel ')) break;
    const ended = once(child, "close");
    child.kill("SIGKILL");
    await ended;
    const [orphan = ""] = await readdir(join(run.stateDir, "machines"));
    // QEMU, with the shell that keeps its console, is still running
    assert.equal((await processesWith(orphan)).length, 1);
    const { id } = await run.create(given);
    assert.ok(run.progress.some(({ message }) => message.includes(`stopping ${orphan}`)));
    assert.deepEqual(await readdir(join(run.stateDir, "machines")), [id]);
    assert.deepEqual(await processesWith(orphan), []);
  });
});

describe("a disk", { timeout: 600_000 }, () => {
  test("keeps its bytes when its machine is replaced, and grows while the machine runs", async () => {
    await using run = await MachineRun.make();
    const disks = qemuDisk({ stateDir: run.stateDir, cacheDir: run.stateDir });
    const work = {
      urn: "urn:disk",
      name: "data",
      config: {},
      timeoutSeconds: 60,
      progress: () => {},
      signal: new AbortController().signal,
    };
    const inputs = { sizeMiB: 64, serial: "data" };
    const disk = await disks.create({ ...work, inputs });
    const { path, serial, format } = disk.outputs;
    const given = { ...(await guest("web")), publish: ["0:80"], disks: [{ path, serial, format }] };
    const page = async (url: string, name: string): Promise<string> => (await fetch(`${url}/cgi-bin/${name}`)).text();

    const first = await run.create(given);
    assert.equal(await page(first.outputs.url, "serial"), "data\n");
    assert.equal(await page(first.outputs.url, "stamp"), "", "a new disk is empty");
    await disks.update?.({ ...work, id: disk.id, inputs: { ...inputs, sizeMiB: 80 }, oldInputs: inputs, oldOutputs: disk.outputs });
    assert.equal(await page(first.outputs.url, "size"), `${80 * 2048}\n`);
    await run.delete(first.id);

    const second = await run.create(given);
    assert.equal(await page(second.outputs.url, "stamp"), first.outputs.bootId);
    await run.delete(second.id);
    await disks.delete?.({ ...work, id: disk.id, inputs, outputs: disk.outputs });
  });
});
