import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Service, type ServiceArgs } from "../../sdk/index.ts";
import type { Booted } from "../support/qemu.ts";
import { ATTACK_NAMES, attackerImage } from "./attacker.ts";
import { cloud } from "./cloud.ts";
import { ask, bootImage, dhcp, service, spy } from "./image.ts";

const victim = service("victim", "echo hush >/run/private; exec busybox sh -c 'while :; do sleep 1; done' victim-at-work", {
  env: ["SECRET=hush", "PATH=/bin"],
  tmpfs: ["/run"],
  uid: 1000,
  publish: ["7000"],
});

const attacker = (name: string, fields: Partial<ServiceArgs>): Service =>
  new Service(name, {
    image: attackerImage(),
    after: ["metadata-route", "victim"],
    tmpfs: ["/tmp:size=16m", "/run"],
    binds: ["/lib/modules:/modules:ro"],
    ...fields,
  });

// its limits are small, so that three of them fit into a small machine
const limits = { resources: { pids: { limit: 64 }, memory: { limit: 40 << 20 } } };

/** The attacks that an attacker reports as successful, once it has finished. */
async function couldOf(machine: Booted, name: string, last: "tried" | "done"): Promise<string[]> {
  let log = "";
  while (!log.includes(`${last}\n`)) {
    await sleep(500);
    log = await ask(machine, `cat /host/run/log/${name}.log`);
  }
  return log
    .split("\n")
    .filter((line) => line.startsWith("could "))
    .map((line) => line.slice("could ".length));
}

describe("a hostile service", () => {
  test("fails in the default sandbox as root, as root with capabilities, and as another user", async () => {
    const capabilities = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_MKNOD", "CAP_SETGID", "CAP_SETUID"];
    const names = ["root", "capable", "user"];
    await using machine = await bootImage(
      {
        onboot: [dhcp()],
        services: [
          spy(),
          victim,
          ...cloud(),
          attacker("root", limits),
          attacker("capable", { capabilities, publish: ["7001"], ...limits }),
          attacker("user", { uid: 1000, gid: 1000, egress: [{ to: "victim" }], ...limits }),
        ],
      },
      { ports: [80] },
    );
    await machine.until("health", ({ stage }) => stage === "healthy");
    for (const name of names) {
      assert.deepEqual(await couldOf(machine, name, "tried"), [], name);
      // its last attack takes too much memory
      await machine.until(
        `the end of ${name}`,
        (line) => line.stage === "service" && line.name === name && line.state === "restart" && line.message.includes("exit status 137"),
      );
    }
    const others = machine.lines.filter(
      (line) => line.stage === "service" && ["spy", "victim", "metadata", "metadata-route"].includes(line.name),
    );
    assert.deepEqual([...new Set(others.map((line) => line.stage === "service" && line.state))].sort(), ["healthy", "started", "waiting"]);
  });

  test("with the sandbox off, every attack works", async () => {
    const open = attacker("open", {
      sandbox: "linuxkit",
      capabilities: ["all"],
      pid: "host",
      readonly: false,
      tmpfs: ["/tmp", "/run"],
    });
    await using machine = await bootImage(
      { onboot: [dhcp()], services: [spy(), victim, ...cloud(), open] },
      { ports: [80], memoryMiB: 512 },
    );
    await machine.until("health", ({ stage }) => stage === "healthy");
    assert.deepEqual((await couldOf(machine, "open", "done")).sort(), [...ATTACK_NAMES].sort());
  });
});
