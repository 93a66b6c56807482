import assert from "node:assert/strict";
import { test } from "node:test";
import { Volume } from "../../sdk/index.ts";
import { bootImage, service } from "./image.ts";

test("a volume in memory is mounted where nothing else is an overlay", { timeout: 300_000 }, async () => {
  await using machine = await bootImage({
    volumes: [new Volume("data")],
    services: [service("db", "echo written >/data/file && exec sleep 1000", { binds: ["data:/data"] })],
  });
  const { stage } = await machine.until("health", ({ stage }) => stage === "healthy" || stage === "failed");
  assert.equal(stage, "healthy", machine.console());
});
