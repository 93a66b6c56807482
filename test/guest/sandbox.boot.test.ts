import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ask, bootImage, dhcp, service, spy } from "./image.ts";

const BOMB = "bomb() { bomb & bomb & sleep 100000; }; bomb";

describe("the sandbox", () => {
  test("a fork bomb fills its own limit, and the others go on", async () => {
    await using machine = await bootImage({ onboot: [dhcp()], services: [spy(), service("bomb", BOMB)] }, { ports: [80] });
    await machine.until("health", ({ stage }) => stage === "healthy");
    const limited = await ask(machine, "until grep -q fork /host/run/log/bomb.log; do sleep 0.2; done; cat /host/sys/fs/cgroup/bomb/pids.max; grep -c . /host/run/log/spy.log; echo forked");
    assert.equal(limited, "1024\n0\nforked\n");
    assert.ok(!machine.lines.some((line) => line.stage === "service" && line.name === "spy" && line.state === "restart"));
  });
});
