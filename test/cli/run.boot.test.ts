import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { listMachineFolders } from "../../providers/qemu/plugin/machine-folder.ts";
import { isAlive, type ProcessId } from "../../providers/qemu/plugin/process-id.ts";
import { discard } from "../../providers/qemu/plugin/start.ts";
import { CLI, cliOf } from "../api/cli.ts";
import { freePort } from "../support/free-port.ts";
import { tmux } from "../support/tmux.ts";

const SDK = new URL("../../sdk/index.ts", import.meta.url).href;

const PROGRAM = `
import { debian, File, Image, Kernel, OnbootTask, Service, Volume } from ${JSON.stringify(SDK)};

export const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
  services: [
    new Service("web", {
      image: debian.packages({
        packages: ["busybox-static"],
        command: ["busybox", "httpd", "-f", "-p", "80", "-h", "/www"],
      }),
      binds: ["/etc/page:/www/index.html:ro", "data:/data"],
      capabilities: ["CAP_NET_BIND_SERVICE"],
      health: { http: { port: 80 } },
    }),
  ],
  volumes: [new Volume("data", { persistent: {} })],
  files: [new File("/etc/page", { source: "page", mode: "0644" })],
});
`;

describe("run: an OS in QEMU without Pulumi", { timeout: 600_000 }, () => {
  let folder: string;
  let stateDir: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "run-"));
    stateDir = join(folder, "state");
    await writeFile(join(folder, "os.ts"), PROGRAM);
    await writeFile(join(folder, "page"), "it runs\n");
  });
  after(async () => {
    for (const { id } of await listMachineFolders(stateDir)) await discard(id, stateDir);
    await rm(folder, { recursive: true, force: true });
  });

  test("it answers once it is healthy, other commands find it, and Ctrl-C shuts it down and leaves nothing", async () => {
    const port = await freePort();
    const line = `cd '${folder}' && PULUMI_LINUXKIT_STATE='${stateDir}' '${process.execPath}' '${CLI}' run os.ts --publish ${port}:80 --memory 192 --disk data=64`;
    await using terminal = await tmux(`${line}; echo "status $?"`);
    await terminal.until(/Ctrl-C shuts it down/);
    assert.match(terminal.screen(), new RegExp(`os is healthy, [\\d.]+ s after its start\\nhttp://127\\.0\\.0\\.1:${port}\\n`));
    assert.equal(await (await fetch(`http://127.0.0.1:${port}`, { signal: AbortSignal.timeout(30_000) })).text(), "it runs\n");
    const { stdout } = await cliOf(stateDir).run(["status", "os"]);
    assert.match(stdout, /web +ok/);
    const machine = (await listMachineFolders(stateDir))[0]?.record?.machine as ProcessId;
    assert.ok(await isAlive(machine));
    terminal.type("C-c");
    await terminal.until(/shutting os down\n+status 0/);
    assert.equal(await isAlive(machine), false);
    assert.deepEqual(await readdir(stateDir, { recursive: true }).catch(() => []), []);
  });
});
