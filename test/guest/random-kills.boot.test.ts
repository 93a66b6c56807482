import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Random, seed } from "../support/random.ts";
import type { Booted } from "../support/qemu.ts";
import { ask, bootImage, dhcp, service, spy } from "./image.ts";

const HEALTHZ = 8080;
const KILLS = 10;
const web = { capabilities: ["CAP_NET_BIND_SERVICE"], health: { tcp: { port: 700 }, interval: 1 } } satisfies object;

const services = () => [
  spy({ capabilities: ["CAP_SYS_PTRACE", "CAP_KILL"] }),
  service("linked", "exec busybox nc -ll -p 700 -e /bin/busybox true", web),
  service("checked", "exec sleep 100000", { health: { command: ["sh", "-c", "true"], interval: 1 } }),
  service("plain", "exec sleep 100000"),
  service("writes", "while :; do echo line; sleep 0.1; done", { readonly: false }),
  service("linuxkit", "exec sleep 100000", { sandbox: "linuxkit", after: ["plain"] }),
];

/** The children of PID 1, which are the first processes of the services, the guest's own included. */
const CHILDREN = "cat /proc/[0-9]*/stat 2>/dev/null | sed -n 's/^\\([0-9]*\\) (.*) [A-Z] 1 .*/\\1/p'";

async function childrenOf(machine: Booted): Promise<number[]> {
  const children = (await ask(machine, CHILDREN)).split("\n").flatMap((line) => (/^\d+$/.test(line) ? [Number(line)] : []));
  assert.ok(children.length > 0, "the one that answers was killed meanwhile");
  return children;
}

/** Repeats what fails while the service that answers is started again. */
async function eventually<T>(what: string, attempt: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + 90_000; ; ) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > end) throw new Error(`${what} did not come`, { cause: error });
      await sleep(300);
    }
  }
}

/** Until every service is up again, each with a process of its own that is none of those before. */
async function allAreBack(machine: Booted, count: number): Promise<void> {
  await eventually("the health of all", async () => {
    const answer = await fetch(`http://127.0.0.1:${machine.port(HEALTHZ)}/healthz`, { signal: AbortSignal.timeout(5_000) });
    assert.equal(answer.status, 200, await answer.text());
    assert.ok((await childrenOf(machine)).length >= count, "a service has no process");
  });
  assert.deepEqual(
    machine.lines.filter(({ stage }) => stage === "failed" || stage === "off").map(({ stage }) => stage),
    [],
  );
  assert.doesNotMatch(machine.console(), /Kernel panic|panic in /);
}

/** Kills a process of the machine; the answer is lost where it is the one that gives it. */
async function kill(machine: Booted, pid: number): Promise<void> {
  await ask(machine, `kill -9 ${pid}`).catch(() => undefined);
}

const bootAll = (): Promise<Booted> => bootImage({ onboot: [dhcp()], services: services(), healthPort: HEALTHZ }, { ports: [80, HEALTHZ] });

test("ten kills at random in each of three boots lose no service", { timeout: 900_000 }, async (t) => {
  const from = seed();
  t.diagnostic(`seed ${from}`);
  for (const turn of [0, 1, 2]) {
    const random = new Random(from + turn);
    await using machine = await bootAll();
    await machine.until("health", ({ stage }) => stage === "healthy");
    await allAreBack(machine, services().length + 1);
    for (let kills = 0; kills < KILLS; kills++) {
      const pid = random.pick(await eventually("an answer", () => childrenOf(machine)));
      await kill(machine, pid);
      await sleep(random.below(500));
    }
    await allAreBack(machine, services().length + 1);
  }
});

test("the end of every child of PID 1, in any order, loses none", { timeout: 600_000 }, async (t) => {
  const from = seed();
  t.diagnostic(`seed ${from}`);
  const random = new Random(from);
  await using machine = await bootAll();
  await machine.until("health", ({ stage }) => stage === "healthy");
  await allAreBack(machine, services().length + 1);
  const children = await childrenOf(machine);
  const order = children.map((pid) => ({ pid, at: random.next() })).sort((a, b) => a.at - b.at);
  // again where the one that answers was the one before
  for (const { pid } of order)
    await eventually(`the end of ${pid}`, async () =>
      assert.equal(await ask(machine, `kill -9 ${pid} 2>/dev/null; [ -e /proc/${pid} ] || echo gone`), "gone\n"),
    );
  await allAreBack(machine, services().length + 1);
  const after = await childrenOf(machine);
  assert.deepEqual(
    after.filter((pid) => children.includes(pid)),
    [],
    "each was started again",
  );
});
