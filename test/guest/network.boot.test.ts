import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { cloud } from "./cloud.ts";
import { ask, bootImage, dhcp, service, spy } from "./image.ts";

test("a private network: in by published ports, out by what is named, and the metadata of a cloud only by its name", async () => {
  // reached from inside at QEMU's own address of the host
  const outside = createServer((socket) => socket.end("outside\n")).listen(0, "127.0.0.1");
  await once(outside, "listening");
  const { port } = outside.address() as { port: number };
  // whom it reaches says a line each; a refusal is quick
  const reach = (targets: Readonly<Record<string, string>>): string =>
    `${Object.entries(targets).map(([name, target]) => `busybox nc -w 5 ${target} </dev/null 2>&1 | grep -qE 'web|outside|credentials|SSH|HTTP' && echo ${name}`).join("\n")}\necho tried; exec sleep 100000`;
  const TARGETS = {
    web: "198.18.0.7 80",
    "web-at-the-machine": "10.0.2.15 8080",
    machine: "10.0.2.15 80",
    gateway: "198.18.0.0 80",
    outside: `10.0.2.2 ${port}`,
    metadata: "169.254.169.254 80",
  };
  const after = ["web", "route", "spy"];
  await using machine = await bootImage({
    onboot: [dhcp()],
    services: [
      spy(),
      ...cloud(),
      service("web", "exec busybox nc -ll -p 80 -e echo web", { publish: ["8080:80"], capabilities: ["CAP_NET_BIND_SERVICE"], health: { tcp: { port: 80 } } }),
      service("client", reach(TARGETS), { egress: [{ to: "web", port: 80 }, { to: "169.254.169.254", port: 80, protocol: "tcp" }], after }),
      service("quiet", reach(TARGETS), { net: "private", after }),
      service("roams", reach(TARGETS), { egress: [{ to: "any" }], after }),
    ],
  }, { ports: [80, 8080] });
  try {
    await machine.until("health", ({ stage }) => stage === "healthy");
    const reached = async (name: string): Promise<string[]> => {
      for (;;) {
        const log = await ask(machine, `cat /host/run/log/${name}.log`);
        if (log.endsWith("tried\n")) return log.split("\n").slice(0, -2);
        await sleep(300);
      }
    };
    assert.deepEqual(await reached("client"), ["web", "metadata"]);
    assert.deepEqual(await reached("quiet"), []);
    assert.deepEqual(await reached("roams"), ["outside"]);
    const published = await fetch(`http://127.0.0.1:${machine.port(8080)}/`).catch((error: Error) => error.cause);
    assert.match(String(published), /Parse|web|HTTP/);
    assert.match(await ask(machine, "cat /host/proc/net/dev"), /lk3:/);
  } finally {
    outside.close();
  }
});
