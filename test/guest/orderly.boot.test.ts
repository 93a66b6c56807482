import assert from "node:assert/strict";
import { test } from "node:test";
import { describeStage } from "../../sdk/guest/console.ts";
import { ask, bootImage, dhcp, lastTask, service, spy } from "./image.ts";
import { kernelStarts } from "./kernel-starts.ts";

test("a reboot that the kernel asks for stops the services and runs the tasks of shutdown", { timeout: 300_000 }, async () => {
  await using machine = await bootImage(
    {
      onboot: [dhcp()],
      services: [spy(), service("stops", "trap 'exit 0' TERM; while :; do sleep 0.1; done")],
      onshutdown: [lastTask("last", "true")],
    },
    { ports: [80] },
  );
  await machine.until("health", ({ stage }) => stage === "healthy");
  void ask(machine, kernelStarts("/sbin/reboot")).catch(() => {});
  await machine.until("the end", ({ stage }) => stage === "off");
  await machine.ended;
  const said = machine.lines.map(describeStage);
  const from = said.indexOf("shutdown: reboot");
  assert.ok(from > 0, said.join("\n"));
  for (const line of ["service stops stopped", "onshutdown last ok", "off"]) assert.ok(said.indexOf(line) > from, said.join("\n"));
});
