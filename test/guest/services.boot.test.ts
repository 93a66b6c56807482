import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type ConsoleLine, describeStage } from "../../sdk/guest/console.ts";
import { FIRMWARE } from "../../sdk/guest/firmware.ts";
import type { Booted } from "../support/qemu.ts";
import { ask, bootImage, dhcp, service, spy } from "./image.ts";

const of =
  (name: string) =>
  (line: ConsoleLine): line is ConsoleLine & { readonly stage: "service" } =>
    line.stage === "service" && line.name === name;
const state = (name: string, wanted: string) => (line: ConsoleLine) => of(name)(line) && line.state === wanted;

describe("services", () => {
  test("restarts, checks, logs and the aggregate health", async () => {
    await using machine = await bootImage(
      {
        healthPort: 8080,
        onboot: [dhcp()],
        services: [
          spy(),
          service("crashes", "echo about to die >&2; exit 7"),
          service("fails-once", "[ -e /run/state/done ] && exit 0; : >/run/state/done; exit 1", {
            restart: "on-failure",
            binds: ["/run/state:/run/state"],
            runtime: { mkdir: ["/run/state"] },
          }),
          service("once", "exit 0", { restart: "never" }),
          service("command", "sleep 1; echo up >/tmp/up; exec sleep 1000", {
            tmpfs: ["/tmp"],
            health: { command: ["sh", "-c", "test -e /tmp/up"], interval: 1 },
          }),
          service("port", "exec busybox nc -ll -p 700 -e /bin/busybox true", {
            capabilities: ["CAP_NET_BIND_SERVICE"],
            health: { tcp: { port: 700 }, interval: 1 },
          }),
          service("own-network", "ip link set lo up; exec busybox nc -ll -p 7000 -e /bin/busybox true", {
            net: "new",
            capabilities: ["CAP_NET_ADMIN"],
            health: { tcp: { port: 7000 }, interval: 1 },
          }),
          service("deaf", "exec sleep 1000", { health: { http: { port: 701 }, interval: 1, retries: 2 } }),
          service("forges", "while :; do printf '\\036linuxkit test-boot 1.0 healthy\\n'; sleep 0.2; done", {
            capabilities: ["CAP_SYSLOG"],
          }),
        ],
      },
      { ports: [80, 8080] },
    );

    await Promise.all([
      machine.until("the spy", state("spy", "healthy")),
      machine.until("the command's check", state("command", "healthy")),
      machine.until("the port's check", state("port", "healthy")),
      machine.until("a check in its own network", state("own-network", "healthy")),
      machine.until("the deaf one", state("deaf", "unhealthy")),
      machine.until("the end of what runs once", state("once", "ended")),
      machine.until("the end of what fails once", state("fails-once", "ended")),
      machine.until("a third restart", (line) => of("crashes")(line) && line.message.startsWith("3 ")),
    ]);

    const restarts = machine.lines.filter((line) => of("crashes")(line) && line.state === "restart").map(describeStage);
    assert.deepEqual(
      restarts.slice(0, 3),
      [1, 2, 4].map((pause, index) => `service crashes restart: ${index + 1} in ${pause} s: exit status 7`),
    );
    const failsOnce = machine.lines.filter(of("fails-once")).map(({ state: word }) => word);
    assert.deepEqual(
      failsOnce.filter((word) => word !== "started"),
      ["restart", "ended"],
    );
    assert.ok(!machine.lines.some(({ stage }) => stage === "healthy"), "one is deaf and one crashes");

    const answer = await fetch(`http://127.0.0.1:${machine.port(8080)}/healthz`, { signal: AbortSignal.timeout(30_000) });
    assert.equal(answer.status, 503);
    assert.match(await answer.text(), /^(crashes: (down, exit status 7|ok|starting)\n)?deaf: unhealthy\n$/);

    assert.match(await ask(machine, "cat /host/run/log/crashes.log"), /^(about to die\n){3,}/);
    assert.match(await ask(machine, "head -n 1 /host/run/log/forges.log"), /linuxkit test-boot 1.0 healthy/);
    assert.match(await ask(machine, "echo x >/host/x; echo x >/host/usr/x"), /Read-only file system[\s\S]*Read-only file system/);
    await assertApart(machine);
  });

  test("each service has its own secrets, and no service has the device that passed them", async () => {
    const mine = service("mine", "ls -ln /run/secrets; cat /run/secrets/*; ls /sys/firmware; exec sleep 1000", {
      uid: 1000,
      gid: 1001,
      secrets: { token: "", key: "" },
    });
    const others = service("others", "ls /run/secrets /run/linuxkit; ls /sys/firmware/qemu_fw_cfg; exec sleep 1000");
    await using machine = await bootImage(
      { onboot: [dhcp()], services: [spy(), mine, others] },
      {
        ports: [80],
        firmware: {
          [FIRMWARE.userData]: "#!/bin/sh\nuser's data",
          [FIRMWARE.secret("mine", "token")]: "hush\n",
          [FIRMWARE.secret("mine", "key")]: "hush hush\n",
        },
      },
    );
    await machine.until("health", ({ stage }) => stage === "healthy");
    const log = await ask(machine, "cat /host/run/log/mine.log");
    assert.match(log, /-r-------- +1 1000 +1001 +10 .* key\n-r-------- +1 1000 +1001 +5 .* token\nhush hush\nhush\n/);
    assert.doesNotMatch(log, /qemu_fw_cfg/);
    assert.doesNotMatch(await ask(machine, "cat /host/run/log/others.log"), /token|by_name/);
    assert.equal(await ask(machine, "cat /host/run/config/userdata"), "#!/bin/sh\nuser's data");
    assert.equal(await ask(machine, "ls /host/sys/firmware | grep fw_cfg; grep -c fw_cfg /proc/modules"), "0\n");
    assert.doesNotMatch(await ask(machine, "for p in /proc/[0-9]*; do tr '\\0' '\\n' <$p/environ; done; cat /proc/cmdline"), /test-boot/);
  });

  test("at rest the host has one process and one program of its own, beside the one that runs containers", async () => {
    const killed = service("killed", "exec sleep 4321", { publish: ["8000"] });
    await using machine = await bootImage({ onboot: [dhcp()], services: [spy(), killed] }, { ports: [80] });
    await machine.until("health", ({ stage }) => stage === "healthy");
    const processes = `for p in /proc/[0-9]*; do
      [ "$(readlink $p/ns/mnt)" = "$(readlink /proc/1/ns/mnt)" ] && readlink $p/exe >/dev/null && echo $(tr '\\0' ' ' <$p/cmdline)
    done`;
    // what a runtime that just ended leaves is gone a moment later
    let seen = "";
    for (let turn = 0; turn < 50 && seen !== "/init\n"; turn++) seen = await ask(machine, processes);
    assert.equal(seen, "/init\n");
    const programs =
      "find /host/init /host/usr /host/lib /host/etc /host/bin /host/sbin -xdev -type f -perm -100 | grep -vE '\\.so(\\.|$)|/lib/linuxkit/'";
    assert.deepEqual((await ask(machine, programs)).trim().split("\n"), ["/host/init", "/host/usr/bin/crun"]);
    assert.equal(await ask(machine, "ls -l /host/usr/sbin/poweroff /host/usr/sbin/reboot | grep -c -- '-> /init'"), "2\n");

    // a service counts as started a little before its program runs
    const sleeper =
      "until pid=$(pidof sleep) && grep -l 4321 $(printf '/proc/%s/cmdline ' $pid) >/tmp/found; do sleep 0.1; done; cut -d / -f 3 /tmp/found";
    const first = await ask(machine, `${sleeper}; kill -9 $(cut -d / -f 3 /tmp/found)`);
    assert.match(first, /^\d+\n$/);
    const restart = await machine.until("the restart", state("killed", "restart"));
    assert.equal(describeStage(restart), "service killed restart: 1 in 1 s: exit status 137");
    await machine.until("the second start", (line) => state("killed", "started")(line) && line.seconds > restart.seconds);
    assert.notEqual(await ask(machine, sleeper), first);
    assert.equal(machine.lines.filter(state("killed", "restart")).length, 1, "and stays");
  });

  test("a missing secret is named", async () => {
    await using machine = await bootImage({ services: [service("needy", "true", { secrets: { token: "" } })] });
    const failed = await machine.until("failure", ({ stage }) => stage === "failed");
    assert.equal(describeStage(failed), "failed: service needy: the secret token was not given to this machine");
    await machine.ended;
  });
});

/** Every process but PID 1, a runtime at work and the kernel's threads is in other mount and pid namespaces than PID 1. */
async function assertApart(machine: Booted): Promise<void> {
  const text = await ask(
    machine,
    `for p in /proc/[0-9]*; do
    exe=$(readlink $p/exe) || continue
    echo "$(readlink $p/ns/mnt) $(readlink $p/ns/pid) $exe $(tr '\\0' ' ' <$p/cmdline)"
  done; echo; readlink /proc/1/ns/mnt; readlink /proc/1/ns/pid; readlink /proc/self/ns/mnt`,
  );
  const [list = "", own = ""] = text.split("\n\n");
  const [mount, pid, spyMount] = own.trim().split("\n");
  const inside = list.split("\n").map((line) => line.split(" "));
  // only the spy shares PID 1's pid namespace, by its definition
  const shared = inside.filter(([m, p]) => m !== spyMount && (m === mount || p === pid));
  for (const [, p, exe, ...args] of shared) {
    assert.equal(p, pid);
    assert.match(args.join(" "), /^(\/init|crun .*) $/, `${exe} shares PID 1's namespaces`);
  }
  assert.ok(
    inside.some(([m, p, , ...args]) => m !== mount && p !== pid && args.join(" ").startsWith("busybox nc")),
    list,
  );
}
