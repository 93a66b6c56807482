import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { defaultCacheDir } from "../../../sdk/cache/location.ts";
import { makeStack, type Stack } from "../engine.ts";
import { processesBelow } from "../processes.ts";
import { during, type FleetCloud, holdPieces } from "./cloud.ts";

/** Scenarios for every cloud: the real engine or the real plugin is killed during an upload. */
export function killedScenarios(name: string, start: () => Promise<FleetCloud>): void {
  describe(`an upload to ${name} that is killed`, { timeout: 600_000 }, () => {
    let cloud: FleetCloud;
    let stack: Stack;
    before(async () => {
      cloud = await start();
      const folder = fileURLToPath(new URL(`../../../examples/${cloud.example}`, import.meta.url));
      stack = await makeStack({
        folder,
        others: [cloud.provider],
        config: cloud.config,
        env: { ...cloud.env, PULUMI_LINUXKIT_CACHE: defaultCacheDir() },
      });
    });
    after(async () => {
      await stack[Symbol.asyncDispose]();
      await cloud[Symbol.asyncDispose]();
    });

    test("resumes in the next update if the plugin was killed", async () => {
      // so slow that the upload cannot complete before the kill
      holdPieces(cloud, 20_000, cloud.partialPieces);
      const operation = stack.start("up", "--yes", "--skip-preview");
      await during(operation, () => cloud.piecesSent() >= cloud.partialPieces);
      // give the journal time to record every acknowledged piece
      await sleep(500);
      const plugins = (await processesBelow(operation.pid)).filter(({ command }) => command.includes("pulumi-resource-linuxkit"));
      assert.ok(plugins.length > 0);
      for (const { pid } of plugins) process.kill(pid, "SIGKILL");
      assert.notEqual((await operation.outcome).status, 0);
      const begun = cloud.startedUploads();
      assert.deepEqual([begun.length, cloud.unfinishedUploads().length, cloud.completedUploads()], [1, 1, []]);

      cloud.server.fault = undefined;
      cloud.server.requests.length = 0;
      const up = await stack.up();
      assert.deepEqual([cloud.startedUploads(), cloud.unfinishedUploads(), cloud.completedUploads().length], [begun, [], 1]);
      assert.ok(
        up.lines("kept").some((line) => /upload resuming: [\d.]+ MB already sent, [\d.]+ MB left/.test(line)),
        up.text,
      );
      cloud.checkResumed?.();
    });

    test("leaves one image and no unfinished upload after `pulumi cancel` and an update, if the engine was killed", async () => {
      await stack.must("config", "set", "page", "another");
      const held = holdPieces(cloud, 15_000);
      const operation = stack.start("up", "--yes", "--skip-preview");
      // a delayed piece keeps the plugin running until the next update starts
      await during(operation, () => held() > 0);
      process.kill(operation.pid, "SIGKILL");
      await operation.outcome.catch(() => {});
      cloud.server.fault = undefined;
      await stack.run("cancel", "--yes");
      await stack.up();
      assert.deepEqual([cloud.unfinishedUploads(), cloud.completedUploads().length], [[], 1]);
    });
  });
}
