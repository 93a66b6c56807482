import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { mkdtemp, open, readdir, readFile, rm, stat, symlink } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { describe, test } from "node:test";
import { LinuxKitError } from "../../sdk/core/errors.ts";
import { identify } from "../../providers/qemu/plugin/process-id.ts";
import { cliOf } from "../api/cli.ts";
import { guest, SECRET } from "./guest.ts";
import { MachineRun, processesWith } from "./machine-run.ts";

const body = async (url: string): Promise<string> => {
  const answer = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  assert.equal(answer.status, 200, url);
  return answer.text();
};

describe("a machine", { timeout: 600_000 }, () => {
  test("boots with progress, answers, is restarted after it died, and leaves nothing", async () => {
    // a folder whose socket's path exceeds the system's limit
    await using run = await MachineRun.make(`a-${"long".repeat(25)}-name`);
    const given = { ...(await guest("web")), publish: ["0:80"], userData: "told: é\n" };
    const { id, outputs } = await run.create(given);
    assert.match(await body(`${outputs.url}/`), /it works/);
    assert.equal(await body(`${outputs.url}/cgi-bin/userdata`), "told: é\n");
    assert.equal(await body(`${outputs.url}/cgi-bin/secret`), SECRET);
    assert.equal(outputs.ports["80/tcp"], Number(new URL(outputs.url).port));

    const messages = run.progress.filter(({ stage }) => stage === "boot").map(({ message }) => message);
    const order = ["starting qemu", "kernel ", "init", "onboot dhcp ok", "service web healthy", "web is healthy"];
    assert.deepEqual(
      order.filter((start) => messages.some((message) => message.startsWith(start))),
      order,
    );
    const console = await readFile(outputs.consoleLog, "utf8");
    assert.match(console, new RegExp(`kernel \\S+ ${outputs.bootId}`));

    const folder = dirname(outputs.consoleLog);
    assert.ok(
      (await readdir(folder)).every((name) => !name.startsWith("firmware")),
      "the firmware values are deleted",
    );
    for (const name of await readdir(folder))
      assert.ok(!(await readFile(`${folder}/${name}`, "latin1").catch(() => "")).includes(SECRET.trim()));
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    assert.ok(!(await readFile(`/proc/${outputs.pid}/cmdline`, "latin1")).includes(SECRET.trim()));

    assert.equal((await run.read(id))?.outputs.running, true);
    assert.deepEqual([...((await run.diff(id, given, outputs))?.drifted ?? [])], []);
    process.kill(outputs.pid, "SIGKILL");
    await gone(outputs.pid);
    const dead = (await run.read(id))?.outputs;
    assert.ok(dead);
    assert.equal(dead.running, false);
    assert.deepEqual([...((await run.diff(id, given, dead))?.drifted ?? [])], [["running", "update"]]);

    const { outputs: again } = await run.update(id, dead);
    assert.notEqual(again.bootId, outputs.bootId);
    assert.match(await body(`${again.url}/`), /it works/);

    await using log = await open(again.consoleLog);
    await run.delete(id);
    assert.match(await log.readFile("utf8"), /linuxkit \S+ \S+ off/, "it was shut down cleanly");
    assert.deepEqual(await processesWith(id), []);
    assert.equal(await run.read(id), undefined);
  });

  test("runs beside one of another stack", async () => {
    await using one = await MachineRun.make("beside", "dev");
    const booted = await guest("web");
    const given = { ...booted, publish: ["0:80"] };
    const first = await one.create(given);
    // the same state folder, as on one host
    const two = new MachineRun(one.stateDir, "prod");
    // QEMU gives up root where it has that: it needs none of it any more
    const other = process.getuid?.() === 0;
    if (other) process.env.PULUMI_LINUXKIT_QEMU_USER = "nobody";
    // a symlink whose target counts from its own folder
    const folder = await mkdtemp(join(tmpdir(), "kernel-"));
    const kernel = join(folder, "kernel");
    await symlink(relative(folder, String(booted.kernel)), kernel);
    const second = await two.create({ ...given, kernel }).finally(async () => {
      delete process.env.PULUMI_LINUXKIT_QEMU_USER;
      await rm(folder, { recursive: true });
    });
    const ids = /^Uid:\t(\d+)\t(\d+)\t(\d+)\t(\d+)$/m.exec(await readFile(`/proc/${second.outputs.pid}/status`, "utf8"))?.slice(1);
    const nobody = /^nobody:[^:]*:(\d+):/m.exec(await readFile("/etc/passwd", "utf8"))?.[1];
    if (other) assert.deepEqual(ids, [nobody, nobody, nobody, nobody]);
    assert.notEqual(first.outputs.bootId, second.outputs.bootId);
    for (const { url } of [first.outputs, second.outputs]) assert.match(await body(`${url}/`), /it works/);

    // a third machine that publishes a port of the first
    const port = first.outputs.ports["80/tcp"];
    await assert.rejects(two.create({ ...given, publish: [`${port}:80`] }), {
      code: "PORT_OCCUPIED",
      message: new RegExp(`port ${port} of 127.0.0.1 is in use by the machine of ${one.urn} \\(pid ${first.outputs.pid}\\)`),
    });
    await two.delete(second.id);
    assert.match(await body(`${first.outputs.url}/`), /it works/);
  });

  test("names the process that has its port, before it starts", async () => {
    await using run = await MachineRun.make();
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await assert.rejects(run.create({ ...(await guest("web")), publish: [`${port}:80`] }), (error: Error) => {
      assert.ok(error instanceof LinuxKitError && error.code === "PORT_OCCUPIED");
      assert.match(
        error.message,
        new RegExp(`port ${port} of 127.0.0.1 is in use by .*\\(pid ${process.pid}\\): stop it, or publish another port`),
      );
      return true;
    });
    server.close();
  });

  test("fails at once if a task fails, and names the task and the reason", async () => {
    await using run = await MachineRun.make();
    await assert.rejects(run.create(await guest("broken")), (error: Error) => {
      assert.ok(error instanceof LinuxKitError && error.code === "BOOT_FAILED");
      assert.match(
        error.message,
        /^machine "web" did not boot: onboot broken: exit status 3: no such luck\nlast lines of its console:\n[\s\S]*onboot broken failed/,
      );
      return true;
    });
  });

  test("fails if the kernel panics, with its message", async () => {
    await using run = await MachineRun.make();
    const given = await guest("web");
    await assert.rejects(run.create({ ...given, cmdline: `${String(given.cmdline)} rdinit=/none root=/dev/none` }), {
      code: "BOOT_FAILED",
      message: /did not boot: Kernel panic - not syncing: .*\nlast lines of its console:\n/,
    });
  });

  test("fails if QEMU does not start, with QEMU's message", async () => {
    await using run = await MachineRun.make();
    const disks = [{ path: `${run.stateDir}/none.img`, serial: "none", format: "raw" }];
    await assert.rejects(run.create({ ...(await guest("web")), disks }), {
      code: "BOOT_FAILED",
      message: /did not boot: qemu-system-x86_64: .*none\.img': No such file or directory/,
    });
  });

  test("fails if it is not healthy in time, and names what it waited for", async () => {
    await using run = await MachineRun.make();
    await assert.rejects(run.create(await guest("unhealthy"), { seconds: 30 }), (error: Error) => {
      assert.ok(error instanceof LinuxKitError && error.code === "TIMEOUT");
      assert.match(
        error.message,
        /not healthy within 30 s: waiting for service web (unhealthy|started).*\nservice web is (unhealthy|starting): port 81: connection refused; the log of web is empty\nto look inside, set keepOnFailure: true, and then: npx pulumi-linuxkit logs web web, npx pulumi-linuxkit status web, npx pulumi-linuxkit exec -it web web sh$/,
      );
      return true;
    });
  });

  test("fails at once in a crash loop, with the log, and is kept for a look inside until the next update", async () => {
    await using run = await MachineRun.make();
    const made = await run.create({ ...(await guest("crashes")), crashLimit: 2, keepOnFailure: true });
    const told = (failure: Error | undefined) => {
      assert.ok(failure instanceof LinuxKitError && failure.code === "BOOT_FAILED");
      assert.match(
        failure.message,
        /^machine "web" did not become healthy: service app crashed 2 times \(crashLimit\), the last with exit status 7\nservice app is down, exit status 7; last lines of the log of app:(\n {2}line \d+ of the app\n {2}the token hush-hush\n {2}cannot reach the database){2}\nthe machine runs on: npx pulumi-linuxkit logs web app,/,
      );
    };
    told(made.failure);
    const crash = run.progress.find(({ lasting, message }) => lasting && message.startsWith("service app crashed"));
    assert.match(
      crash?.message ?? "",
      /^service app crashed: exit status 7; last lines of the log of app:\n {2}line \d+ of the app\n {2}the token hush-hush\n {2}cannot reach/,
    );
    assert.equal((await run.read(made.id))?.outputs.running, true);
    const cli = cliOf(run.stateDir);
    assert.match((await cli.run(["logs", "web", "app"])).stdout, /cannot reach the database\n/);
    assert.equal((await cli.run(["exec", "web", "web", "sh", "-c", "echo inside"])).stdout, "inside\n");

    const updated = await run.update(made.id, made.outputs);
    told(updated.failure);
    assert.notEqual(updated.outputs.pid, made.outputs.pid);
    assert.equal(await identify(made.outputs.pid), undefined, "the first one has ended");
  });

  test("ends if its start is cancelled", async () => {
    await using run = await MachineRun.make();
    const cancel = new AbortController();
    const cancelled = new LinuxKitError("CANCELLED", "making web was cancelled", { what: "web" });
    let id = "";
    const onProgress = ({ message }: { message: string }): void => {
      if (!message.startsWith("kernel ")) return;
      [id = ""] = readdirSync(join(run.stateDir, "machines"));
      cancel.abort(cancelled);
    };
    await assert.rejects(run.create(await guest("web"), { signal: cancel.signal, onProgress }), (error) => error === cancelled);
    assert.match(id, /^web-/);
    assert.deepEqual(await processesWith(id), []);
  });

  test("is ready once QEMU runs, without waitForHealth", async () => {
    await using run = await MachineRun.make();
    const { outputs } = await run.create({ ...(await guest("unhealthy")), waitForHealth: false });
    assert.equal(outputs.bootId, "");
    assert.equal(outputs.running, true);
  });
});

/** Waits until the process has ended; the suite's timeout limits it. */
async function gone(pid: number): Promise<void> {
  // /proc/PID/exe is not enough: it disappears a moment before the process ends
  while (await identify(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
}
