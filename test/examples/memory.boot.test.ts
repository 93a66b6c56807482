import assert from "node:assert/strict";
import { test } from "node:test";
import { buildDefinition } from "../../sdk/builder/build.ts";
import { scratch } from "../support/judge.ts";
import { boot } from "../support/qemu.ts";
import { webDefinition } from "../support/web-example.ts";

test("the operating system of examples/web is healthy, and answers, with 96 MiB of memory", { timeout: 600_000 }, async () => {
  await using folder = await scratch();
  const { files, cmdline } = await buildDefinition(await webDefinition(), { format: "kernel+initrd", outputDir: folder.path });
  const pathOf = (role: string): string => files.find((file) => file.role === role)?.path ?? role;
  await using machine = await boot({ kernel: pathOf("kernel"), initrd: pathOf("initrd"), cmdline, memoryMiB: 96, ports: [80] });
  await machine.until("health", ({ stage }) => stage === "healthy");
  const page = await fetch(`http://127.0.0.1:${machine.port(80)}/`, { signal: AbortSignal.timeout(30_000) });
  assert.equal(page.status, 200);
  assert.doesNotMatch(machine.console(), /Out of memory|oom-kill/i);
});
