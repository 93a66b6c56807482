import assert from "node:assert/strict";
import { access, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { qemuDisk } from "../../providers/qemu/plugin/disk.ts";
import { listMachineFolders } from "../../providers/qemu/plugin/machine-folder.ts";
import { discard } from "../../providers/qemu/plugin/start.ts";
import { qemuVm } from "../../providers/qemu/plugin/vm.ts";
import { defaultCacheDir } from "../../sdk/cache/location.ts";
import type { Properties } from "../../sdk/plugin/value.ts";
import { makeStack } from "../support/engine.ts";
import { guest, SECRET } from "./guest.ts";
import { processesWith } from "./machine-run.ts";

/** A program with a machine and its disk, by their type tokens. */
function program(inputs: Properties): string {
  return `
import * as pulumi from "@pulumi/pulumi";
class Disk extends pulumi.CustomResource {
  constructor(name, args) { super("linuxkit:index:QemuDisk", name, { path: undefined, format: undefined, serial: undefined, ...args }); }
}
class Vm extends pulumi.CustomResource {
  constructor(name, args) { super("linuxkit:index:QemuVm", name, { url: undefined, bootId: undefined, pid: undefined, consoleLog: undefined, ...args }); }
}
const inputs = ${JSON.stringify(inputs)};
const { path, serial, format } = new Disk("data", { sizeMiB: 64 });
const vm = new Vm("web", { ...inputs, secrets: pulumi.secret(inputs.secrets), disks: [{ path, serial, format }] });
export const { url, bootId, pid, consoleLog } = vm;
`;
}

describe("a machine under the real engine", { timeout: 600_000 }, () => {
  test("is created, kept, restarted after it died, replaced and deleted", async () => {
    const home = await mkdtemp(join(tmpdir(), "machine-engine-"));
    await using _ = { [Symbol.asyncDispose]: () => clear(home) };
    const places = { stateDir: join(home, "state"), cacheDir: defaultCacheDir() };
    const inputs = { ...(await guest("web")), publish: ["0:80"] };
    const types = { "linuxkit:index:QemuVm": async () => qemuVm(places), "linuxkit:index:QemuDisk": async () => qemuDisk(places) };
    await using stack = await makeStack({
      files: { "index.js": program(inputs) },
      provider: { name: "linuxkit", version: "0.1.0", config: {}, types },
    });
    const ops = (steps: readonly { op: string; type: string }[]) => steps.filter(({ type }) => type.endsWith("QemuVm")).map(({ op }) => op);
    const outputs = async () => (await stack.outputs()) as { url: string; bootId: string; pid: number; consoleLog: string };

    const up = await stack.up();
    const first = await outputs();
    assert.match(await (await fetch(first.url)).text(), /it works/);
    assert.match(await readFile(first.consoleLog, "utf8"), new RegExp(first.bootId));
    assert.ok(
      up.lines("ephemeral").some((line) => /boot (kernel|onboot|service)/.test(line)),
      up.text,
    );
    assert.ok(
      up.lines("kept").some((line) => line.includes("web is healthy")),
      up.text,
    );
    assert.ok(!(await stack.stateText()).includes(SECRET.trim()));

    assert.deepEqual(ops((await stack.up()).steps), ["same"]);

    process.kill(first.pid, "SIGKILL");
    await stack.refresh();
    const again = await stack.up();
    assert.deepEqual(ops(again.steps), ["update"]);
    const second = await outputs();
    assert.notEqual(second.bootId, first.bootId);
    assert.equal(await (await fetch(`${second.url}/cgi-bin/stamp`)).text(), first.bootId);

    await stack.write("index.js", program({ ...inputs, memoryMiB: 300 }));
    const preview = await stack.preview();
    assert.match(preview.text, /memoryMiB: 256 => 300/);
    const replaced = await stack.up();
    assert.deepEqual(ops(replaced.steps), ["update"]);
    assert.deepEqual(await processesWith(`linuxkit-web-`).then((pids) => pids.includes(second.pid)), false);
    const third = await outputs();
    assert.equal(await (await fetch(`${third.url}/cgi-bin/stamp`)).text(), second.bootId);

    // a new image that does not work: the old one runs again with its disk and its address, and the state keeps it
    const wanted = program({ ...inputs, memoryMiB: 300 });
    await stack.write("index.js", program({ ...inputs, ...(await guest("crashes")), memoryMiB: 300, crashLimit: 1 }));
    const failed = await stack.run("up", "--yes", "--skip-preview");
    assert.notEqual(failed.status, 0);
    assert.match(failed.text, /service app crashed 1 time \(crashLimit\), the last with exit status 7/);
    assert.match(failed.text, /the token \[secret\]\n? *cannot reach the database\n[\s\S]*the old image runs again/);
    assert.ok(!failed.text.includes(SECRET.trim()));
    assert.match(await (await fetch(third.url)).text(), /it works/);
    await stack.write("index.js", wanted);
    await stack.refresh();
    assert.deepEqual(ops((await stack.up()).steps), ["same"]);
    const back = await outputs();
    assert.notEqual(back.bootId, third.bootId);
    assert.equal(back.url, third.url);
    // the disk is not rolled back: it has the mark of the image that failed
    const stamp = await (await fetch(`${back.url}/cgi-bin/stamp`)).text();
    assert.match(stamp, /^[0-9a-f-]{36}$/);
    assert.ok(stamp !== third.bootId && stamp !== back.bootId);
    assert.equal((await listMachineFolders(places.stateDir)).length, 1);

    await stack.destroy();
    await assert.rejects(access(places.stateDir), { code: "ENOENT" });
    assert.equal((await processesWith("linuxkit-web-")).includes(third.pid), false);
  });
});

/** Ends the machines that a failed test has left. */
async function clear(home: string): Promise<void> {
  const stateDir = join(home, "state");
  for (const { id } of await listMachineFolders(stateDir)) await discard(id, stateDir);
  await rm(home, { recursive: true, force: true });
}
