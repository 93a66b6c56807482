import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildPlan } from "../../sdk/builder/build-plan.ts";
import type { BuildPlanOptions } from "../../sdk/builder/build-plan-options.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { fakeSources, file, noiseEntry, planOf, segment, unpack } from "../support/fake-plan.ts";

const BUILDER = fileURLToPath(new URL("../support/build-fake-plan.ts", import.meta.url));

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "build-failure-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Every file below the folder. */
async function files(): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1));
}

function options(more: Partial<BuildPlanOptions> = {}): BuildPlanOptions {
  const cacheDir = join(folder, "cache");
  return { name: "os", outputDir: join(folder, "out"), cacheDir, store: new BlobStore(cacheDir), sources: fakeSources({}), ...more };
}

describe("an aborted build leaves no file", () => {
  const plan = planOf(segment("big", unpack("big")), {
    ...segment("dense", unpack("big", "dense")),
    compression: { algorithm: "zstd", level: 19 },
  });
  for (const moment of ["unpack services.big", "compress big", "compress dense", "write os-kernel", "write os-initrd.img"]) {
    test(`at "${moment}"`, async () => {
      const abort = new AbortController();
      const sources = fakeSources({ big: () => [noiseEntry("big", 4 << 20)] });
      const building = buildPlan(
        plan,
        options({ sources, signal: abort.signal, onProgress: ({ message }) => message === moment && abort.abort() }),
      );
      await assert.rejects(building, { code: "CANCELLED" });
      assert.deepEqual(
        (await files()).filter((path) => path.startsWith("out/") || path.includes(".part") || /^cache\/(locks|holds)/.test(path)),
        [],
      );
    });
  }
  test("before it began", async () => {
    await assert.rejects(buildPlan(plan, options({ signal: AbortSignal.abort() })), { code: "CANCELLED" });
    assert.deepEqual(await files(), []);
  });
});

test("a failing source aborts the other segments, and the build throws its error", async () => {
  const sources = fakeSources({
    bad: async function* () {
      yield noiseEntry("a", 1 << 20);
      throw new Error("the mirror is gone");
    },
    good: () => [noiseEntry("big", 8 << 20)],
  });
  await assert.rejects(
    buildPlan(planOf(segment("good", unpack("good")), segment("bad", unpack("bad"))), options({ sources })),
    /the mirror is gone/,
  );
  assert.deepEqual(
    (await files()).filter((path) => path.startsWith("out/") || path.includes(".part") || /^cache\/(locks|holds)/.test(path)),
    [],
  );
});

test("after a killed build, the next one removes its temporary files and takes over its lock", async () => {
  const child = spawn(process.execPath, [BUILDER, folder, "200", "slow"], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  // as if it were killed while it wrote the output
  await mkdir(join(folder, "out"));
  const lock = (await files()).filter((path) => path.startsWith("cache/locks/"));
  // on a busy computer it may still hold the kernel's lock too
  assert.ok(lock.length >= 1, "it holds the segment's lock");
  const { PROCESS_MARK } = await import("../../sdk/core/process-mark.ts");
  // that one is a file; the segment's own names its holder
  const held = await Promise.all(lock.map((path) => readlink(join(folder, path)).catch(() => "")));
  const mark = held.find((text) => text !== "");
  assert.ok(mark, `one of ${lock.join(", ")} names its holder`);
  assert.notEqual(mark, PROCESS_MARK);
  await writeFile(join(folder, "out", `.os-initrd.img.${mark}.0123456789ab.part`), "half");
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.ok((await files()).some((path) => path.includes(".part")));

  const out = execFileSync(process.execPath, [BUILDER, folder, "3"]).toString();
  assert.match(out, /^sha256:/m);
  assert.deepEqual(
    (await files()).filter((path) => path.includes(".part") || /^cache\/(locks|holds)/.test(path)),
    [],
  );
  assert.deepEqual((await readdir(join(folder, "out"))).sort(), ["os-cmdline", "os-initrd.img", "os-kernel"]);
});

test("a full disk is reported, and no partial file is left", async () => {
  // the kernel refuses every byte beyond the limit, as a full filesystem does
  const out = execFileSync("sh", ["-c", 'ulimit -f 4096; exec "$@"', "sh", process.execPath, BUILDER, folder, "8"]).toString();
  assert.match(out, /^DISK_FULL: cannot grow .*: .*; choose another folder or raise the limit$/m);
  const left = await files();
  // the complete kernel file may be in the cache already, with its record
  assert.deepEqual(
    left.filter((path) => !/^cache\/segments\/[0-9a-f]{64}(\.json)?$/.test(path)),
    [],
  );
  assert.equal(left.length % 2, 0);
});

describe("an error names the folder that cannot be written, and what to do", () => {
  for (const which of ["outputDir", "cacheDir"] as const) {
    test(which, async () => {
      await writeFile(join(folder, "file"), "");
      const building = buildPlan(planOf(segment("config", file("f", "x"))), options({ [which]: join(folder, "file", "sub") }));
      await assert.rejects(building, { code: "UNWRITABLE", message: /cannot write .*\/file\/sub.*choose another folder/ });
      assert.deepEqual(
        (await files()).filter((path) => !path.startsWith("cache/segments/")),
        ["file"],
      );
    });
  }
});
