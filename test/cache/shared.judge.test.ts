import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { fileEntry } from "../../sdk/archive/entry.ts";
import { pruneCache } from "../../sdk/cache/prune.ts";
import { TestRegistry } from "../support/registry.ts";
import { addImage } from "../support/test-image.ts";

/** How long the processes work. */
const SECONDS = 60;

const LOOP = fileURLToPath(new URL("build-in-a-loop.ts", import.meta.url));

interface Report {
  readonly builds: number;
  readonly digests: readonly string[];
}

test("four processes build from one cache while a fifth prunes it to nothing all the time", { timeout: 180_000 }, async (context) => {
  await using registry = await TestRegistry.start();
  const cacheDir = await mkdtemp(join(tmpdir(), "shared-cache-"));
  context.after(() => rm(cacheDir, { recursive: true }));
  for (const name of ["a", "b", "c", "d"]) {
    await addImage(registry, `o/${name}`, [[fileEntry(name, randomBytes(200_000))], [fileEntry("f", randomBytes(100_000))]], {
      tags: ["1"],
      config: { Cmd: [`/${name}`] },
    });
  }
  const image = (name: string): string => `${registry.host}/o/${name}:1`;
  const systems = [
    ["a", "b"],
    ["b", "c"],
    ["c", "d"],
    ["a", "d"],
  ];

  let isOver = false;
  let removed = 0;
  const pruning = (async () => {
    for (; !isOver; await sleep(5)) removed += (await pruneCache(cacheDir, 0)).removed.files;
  })();
  const runs = await Promise.allSettled(
    systems.map(async (names) => {
      const { stdout } = await promisify(execFile)(process.execPath, [LOOP, cacheDir, String(SECONDS), ...names.map(image)]);
      return JSON.parse(stdout) as Report;
    }),
  );
  isOver = true;
  await pruning;
  context.diagnostic(
    `builds: ${runs.map((run) => (run.status === "fulfilled" ? run.value.builds : "failed")).join(", ")}; files removed: ${removed}`,
  );
  for (const run of runs) {
    assert.equal(run.status, "fulfilled", String((run as PromiseRejectedResult).reason?.stderr ?? ""));
    assert.ok(run.value.builds > 1);
    assert.equal(run.value.digests.length, 1, "every build gives the same bytes");
  }
  assert.ok(removed > 20, `the prunes removed ${removed} files`);
});
