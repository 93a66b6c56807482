import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { directoryEntry, type Entry, fileEntry, symlinkEntry } from "../../sdk/archive/entry.ts";
import { initrdMemory } from "../../sdk/archive/initrd-memory.ts";
import { buildPlan } from "../../sdk/builder/build-plan.ts";
import { makeSegment } from "../../sdk/builder/segment.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { SegmentStore } from "../../sdk/cache/segment-store.ts";
import { fakeSources, noiseEntry, planOf, segment, unpack } from "../support/fake-plan.ts";

const TREES: Readonly<Record<string, readonly Entry[]>> = {
  empty: [],
  files: [fileEntry("a", ""), fileEntry("deep/down/b", "x"), fileEntry("c", "y".repeat(4096)), fileEntry("d", "z".repeat(4097))],
  others: [directoryEntry("dir"), symlinkEntry("dir/link", "../somewhere/far/away")],
  links: [fileEntry("one", "x".repeat(9000)), { ...fileEntry("two", ""), type: "hardlink", link: "one" }],
  noise: [noiseEntry("noise", 3_000_000)],
};

async function context() {
  const cacheDir = await mkdtemp(join(tmpdir(), "boot-memory-"));
  return {
    cacheDir,
    store: new BlobStore(cacheDir),
    segments: new SegmentStore(cacheDir),
    sources: fakeSources(Object.fromEntries(Object.entries(TREES).map(([name, tree]) => [name, () => tree]))),
    [Symbol.asyncDispose]: () => rm(cacheDir, { recursive: true }),
  };
}

describe("a segment's recorded memory is what its bytes unpack to", () => {
  for (const name of Object.keys(TREES)) {
    test(name, async () => {
      await using build = await context();
      const made = await makeSegment(segment(name, unpack(name)), build);
      const bytes = await readFile(build.segments.path(made.key));
      assert.deepEqual({ packed: made.size, unpacked: made.paths.unpacked }, await initrdMemory((offset) => [bytes.subarray(offset)]));
    });
  }
});

test("a build adds up its segments and fixups without unpacking them again", async () => {
  await using build = await context();
  const plan = planOf(segment("one", unpack("links")), segment("two", unpack("files", "below/it")), segment("three", unpack("links")));
  const outputDir = join(build.cacheDir, "out");
  const { memoryMiB, files } = await buildPlan(plan, {
    name: "os",
    outputDir,
    cacheDir: build.cacheDir,
    store: build.store,
    sources: build.sources,
  });
  const initrd = await readFile(files.find(({ role }) => role === "initrd")?.path ?? "");
  const { packed = 0, unpacked = 0 } = (await initrdMemory((offset) => [initrd.subarray(offset)])) ?? {};
  assert.equal(memoryMiB, Math.ceil(74 + (1.045 * (packed + unpacked)) / (1 << 20)));
});
