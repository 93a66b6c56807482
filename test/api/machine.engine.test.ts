import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { listMachineFolders } from "../../providers/qemu/plugin/machine-folder.ts";
import { discard } from "../../providers/qemu/plugin/start.ts";
import type { MachineEvent, MachineStatus } from "../../sdk/api/request.ts";
import { makeStack, type Stack } from "../support/engine.ts";
import { checkMetrics } from "../support/promtool.ts";
import { tmux } from "../support/tmux.ts";
import { cliOf } from "./cli.ts";

// what a service can try that may make device files and has all devices: each success is a line of its log
const HOSTILE = `
for port in /sys/class/virtio-ports/*; do
  [ -e "$port/dev" ] || continue
  IFS=: read -r major minor <"$port/dev"
  busybox mknod "/tmp/\${port##*/}" c "$major" "$minor" || continue
  seen=1
  (exec 3<>"/tmp/\${port##*/}") 2>/dev/null && echo "could open \${port##*/}"
done
[ -n "$seen" ] && echo "made the device files"
for name in /dev/vport* /dev/virtio-ports/*; do [ -e "$name" ] && echo "could see $name"; done
echo tried; exec sleep 1000`;

// one that stays down is no healthy machine
const PROGRAM = `
import { debian, Image, Kernel, OnbootTask, Service } from "pulumi-linuxkit";
import { Machine } from "pulumi-linuxkit/qemu";

const image = debian.packages({ packages: ["busybox-static"], files: [{ path: "bin/sh", symlink: "busybox" }] });
const service = (name, script, fields) => new Service(name, { image, command: ["/bin/sh", "-c", script], ...fields });
const hostile = ${JSON.stringify(HOSTILE)};
const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
  services: [
    service("ticks", "n=0; while :; do n=$((n+1)); echo tick $n; sleep 0.3; done"),
    service("user", "exec sleep 1000", { uid: 1000, gid: 1000, tmpfs: ["/tmp"], env: ["OWN=yes", "PATH=/bin"] }),
    service("crashes", "exit 3", { restart: "never" }),
    service("hostile", hostile, {
      capabilities: ["CAP_MKNOD", "CAP_DAC_OVERRIDE", "CAP_SYS_ADMIN"],
      devices: [{ path: "all", type: "a" }],
      tmpfs: ["/tmp:dev"],
    }),
    service("boxed", hostile, { tmpfs: ["/tmp"] }),
  ],
});
new Machine("web", { image: os, waitForHealth: false });
`;

describe("the interface to a machine that pulumi up created", { timeout: 600_000 }, () => {
  let stateDir: string;
  let stack: Stack;
  let cli: ReturnType<typeof cliOf>;

  before(async () => {
    stateDir = await mkdtemp(join(tmpdir(), "api-"));
    stack = await makeStack({ files: { "index.js": PROGRAM }, env: { PULUMI_LINUXKIT_STATE: stateDir } });
    // as npm installs it
    const programs = join(stack.directory, "node_modules", ".bin");
    await mkdir(programs);
    await symlink("../pulumi-linuxkit/bin/pulumi-linuxkit", join(programs, "pulumi-linuxkit"));
    cli = cliOf(stateDir, stack.directory);
    await stack.up();
    await ready("user", "ok");
  });
  after(async () => {
    for (const { id } of await listMachineFolders(stateDir)) await discard(id, stateDir);
    await stack?.[Symbol.asyncDispose]();
    await rm(stateDir, { recursive: true, force: true });
  });

  /** A command that must succeed; its output. */
  const ok = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await cli.run(args);
    assert.equal(status, 0, stderr);
    return stdout;
  };

  /** Waits until the machine answers and a service is in a state. */
  const ready = async (name: string, state: string): Promise<MachineStatus> => {
    for (;;) {
      const { status, stdout } = await cli.run(["status", "web", "--json"]);
      if (status !== 0) continue;
      const read = JSON.parse(stdout) as MachineStatus;
      if (read.services.some((one) => one.name === name && one.state === state)) return read;
    }
  };

  test("status shows the machine, its services and what is wrong", async () => {
    const status = await ready("crashes", "down, exit status 3");
    assert.equal(status.healthy, false);
    assert.match(status.kernel, /^6\./);
    const crashed = status.services.find(({ name }) => name === "crashes");
    assert.deepEqual([crashed?.state, crashed?.running], ["down, exit status 3", false]);
    assert.ok(status.services.some(({ name, memory, pid }) => name === "user" && memory > 0 && pid > 1));
    const text = await ok("status", "web");
    assert.match(text, /not healthy/);
    assert.match(text, /^user +ok/m);
    assert.doesNotMatch(text, /\u001b/, "no colours without a terminal");
  });

  test("its sockets are its user's alone", async () => {
    const [machine] = await listMachineFolders(stateDir);
    for (const name of ["api.0.sock", "api.1.sock", "api.2.sock", "monitor.sock"])
      assert.equal((await stat(join(machine?.path ?? "", name))).mode & 0o777, 0o600, name);
  });

  test("events tell what happened, and go on", async () => {
    const events = (await ok("events", "web", "--json"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as MachineEvent);
    assert.deepEqual(
      events.map(({ number }) => number),
      events.map((_, index) => index + 1),
    );
    assert.ok(events.some(({ name, state, message }) => name === "crashes" && state === "ended" && message === "exit status 3"));
    assert.match(await ok("events", "web"), /onboot dhcp ok/);
  });

  test("a log is printed, its last lines, and what follows", async () => {
    const [first, second] = (await ok("logs", "web", "ticks", "--lines", "2")).trim().split("\n");
    const [, number] = /^tick (\d+)$/.exec(first ?? "") ?? [];
    assert.equal(second, `tick ${Number(number) + 1}`);
    const follower = cli.start(["logs", "-f", "web", "ticks", "--json", "--lines", "1"]);
    const ended = once(follower, "exit") as Promise<[number | null]>;
    const seen: number[] = [];
    let text = "";
    follower.stdout.on("data", (chunk: Buffer) => {
      text += String(chunk);
      seen.splice(0, seen.length, ...[...text.matchAll(/\{"line":"tick (\d+)"\}/g)].map(([, digits]) => Number(digits)));
    });
    while (seen.length < 6) await sleep(100);
    // another client meanwhile has a port of its own
    assert.match(await ok("logs", "web", "ticks", "--lines", "1"), /^tick \d+\n$/);
    follower.kill("SIGINT");
    const [code] = await ended;
    assert.equal(code, 0);
    assert.deepEqual(
      seen,
      seen.map((_, index) => (seen[0] as number) + index),
    );
  });

  test("a reader that goes away ends the command quietly", async () => {
    const follower = cli.start(["logs", "-f", "web", "ticks"]);
    const ended = once(follower, "exit") as Promise<[number | null]>;
    let complaints = "";
    follower.stderr.on("data", (chunk: Buffer) => (complaints += String(chunk)));
    await once(follower.stdout, "data");
    follower.stdout.destroy();
    assert.deepEqual([...(await ended), complaints], [0, null, ""]);
  });

  test("metrics are what Prometheus reads", async () => {
    const text = await ok("metrics", "web");
    assert.equal(await checkMetrics(text), "");
    assert.match(await checkMetrics(text.replace(/# HELP linuxkit_uptime_seconds .*\n/, "")), /uptime/, "the judge sees a fault");
    for (const name of [
      "service_restarts_total",
      "service_memory_bytes",
      "pressure_waiting_seconds_total",
      "boot_stage_seconds",
      "service_up",
    ])
      assert.match(text, new RegExp(`^linuxkit_${name}\\{`, "m"));
    const samples = JSON.parse(await ok("metrics", "web", "--json")) as { name: string; labels: Record<string, string>; value: number }[];
    assert.ok(samples.some(({ name, labels, value }) => name === "linuxkit_service_up" && labels.service === "crashes" && value === 0));
  });

  test("a command has the service's user and limits, input, two outputs and an exit status", async () => {
    const script =
      "cat; id -u; echo $OWN; grep -E 'NoNewPrivs|CapEff|Seccomp:' /proc/self/status; cat /proc/self/cgroup; echo wrong >&2; exit 9";
    const { status, stdout, stderr } = await cli.run(["exec", "-i", "web", "user", "busybox", "sh", "-c", script], "hello\n");
    assert.deepEqual([status, stderr], [9, "wrong\n"]);
    assert.match(stdout, /^hello\n1000\nyes\n/);
    assert.match(stdout, /CapEff:\t0000000000000000/);
    assert.match(stdout, /NoNewPrivs:\t1/);
    assert.match(stdout, /Seccomp:\t2/);
    const own = await cli.run(["exec", "--json", "web", "user", "--", "busybox", "cat", "/proc/1/cgroup"]);
    assert.equal(JSON.parse(own.stdout).stdout, stdout.slice(stdout.indexOf("0::")), "the control group of the service");
  });

  test("much passes both ways", async () => {
    const input = "0123456789abcdef".repeat(40_000);
    const { status, stdout } = await cli.run(["exec", "-i", "web", "user", "busybox", "cat"], input);
    assert.equal(status, 0);
    assert.equal(stdout, input);
  });

  test("what cannot be run is said", async () => {
    for (const [args, code, message] of [
      [["exec", "web", "nothing", "id"], 1, /NOT_FOUND: name: got "nothing", wanted one of/],
      [["exec", "web", "crashes", "id"], 1, /does not run/],
      [["exec", "web", "user", "no-such-program"], 1, /no-such-program.*; the image of the service has no such program: add its package/],
      [["exec", "web", "user"], 2, /wanted a machine, a service and a command/],
      [["status"], 2, /^wanted a machine of this host \(web-vm\), or --address and --keys$/m],
      [["logs", "web", "nothing"], 1, /NOT_FOUND/],
      [["status", "other"], 1, /local machine "other" not found/],
    ] as const) {
      const { status, stderr } = await cli.run(args);
      assert.equal(status, code, stderr);
      assert.match(stderr, message);
    }
  });

  test("a shell in a real terminal: line editing, Ctrl-C, its size and its changes, and the exit status", async () => {
    await using terminal = await tmux(`${cli.line("exec -it web user sh")}; echo ended with $?; sleep 1000`);
    await terminal.until(/^\/ \$\s*$/m);
    terminal.type("stty size; tty; echo $TERM-$((6*7))", "Enter");
    const shown = await terminal.until(/-42/);
    assert.match(shown, /^30 100$/m);
    assert.match(shown, /^\/dev\/pts\/\d+$/m);
    // a process of its own, which has the terminal before it says so
    terminal.type("sh -c 'echo go; exec sleep 500'", "Enter");
    await terminal.until(/^go$/m);
    terminal.type("C-c");
    terminal.type("echo aft", "er", "BSpace", "r-$?", "Enter");
    await terminal.until(/^after-130$/m);
    terminal.resize(80, 20);
    terminal.type("stty size", "Enter");
    await terminal.until(/^20 80$/m);
    terminal.type("exit 5", "Enter");
    await terminal.until(/ended with 5/);
  });

  test("a terminal shows the machine and follows a log until Ctrl-C", async () => {
    // as an interactive shell, this one outlives Ctrl-C
    const commands = ["trap : INT", cli.line("status web"), cli.line("logs -f web ticks --lines 2"), "echo ended with $?", "sleep 1000"];
    await using terminal = await tmux(commands.join("; "));
    const shown = await terminal.until(/^tick \d+\n(?:tick \d+\n){4}/m);
    assert.match(shown, /not healthy/);
    assert.match(shown, /^user +ok/m);
    terminal.type("C-c");
    // the shell that npx runs it in says 130 of every Ctrl-C
    await terminal.until(/ended with (?:0|130)/);
  });

  test("a command ends with its client", async () => {
    const client = cli.start(["exec", "web", "user", "busybox", "sleep", "4711"]);
    const ended = once(client, "exit");
    const count = async (): Promise<number> =>
      (await ok("exec", "web", "user", "busybox", "ps")).split("\n").filter((line) => line.includes("sleep 4711")).length;
    while ((await count()) === 0);
    client.kill("SIGKILL");
    await ended;
    while ((await count()) > 0);
  });

  test("a hostile service does not reach the ports, even with all devices", async () => {
    await ready("hostile", "ok");
    for (const name of ["hostile", "boxed"]) {
      let log = "";
      while (!log.includes("tried\n")) log = await ok("logs", "web", name);
      assert.doesNotMatch(log, /could/, name);
      assert.equal(log.includes("made the device files"), name === "hostile", `${name}: ${log}`);
    }
  });

  test("an answer ends when the stack is destroyed", async () => {
    await stack.destroy();
    const { status, stderr } = await cli.run(["status", "web"]);
    assert.equal(status, 1);
    assert.match(stderr, /local machine "web" not found: no local machine exists/);
  });
});
