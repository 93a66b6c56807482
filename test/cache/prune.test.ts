import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { holdFiles } from "../../sdk/cache/hold.ts";
import { pruneCache } from "../../sdk/cache/prune.ts";
import { digestOf } from "../../sdk/core/digest.ts";
import { PROCESS_MARK } from "../../sdk/core/process-mark.ts";

let folder = "";
/** Four files of 100 bytes, used in this order. */
const FILES = ["blobs/sha256/old", "segments/older", "segments/new", "blobs/sha256/newest"];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "prune-"));
  for (const name of ["blobs/sha256", "segments", "indexes"]) await mkdir(join(folder, name), { recursive: true });
  for (const [at, name] of FILES.entries()) {
    await writeFile(join(folder, name), Buffer.alloc(100));
    // all written at one time, long ago; used one after the other
    await utimes(join(folder, name), 1_700_000_000 + at * 60, 1_600_000_000);
  }
  await writeFile(join(folder, "indexes/Packages"), Buffer.alloc(1000));
});
afterEach(() => rm(folder, { recursive: true }));

const left = async (): Promise<string[]> => {
  const names = await Promise.all(["blobs/sha256", "segments"].map(async (name) => (await readdir(join(folder, name))).map((file) => `${name}/${file}`)));
  return FILES.filter((name) => names.flat().includes(name));
};

describe("what was not used for longest goes", () => {
  for (const { limit, stays } of [
    { limit: 400, stays: FILES },
    { limit: 399, stays: FILES.slice(1) },
    { limit: 200, stays: FILES.slice(2) },
    { limit: 0, stays: [] },
  ]) {
    test(`at a limit of ${limit} bytes ${stays.length} files stay`, async () => {
      const removed = FILES.length - stays.length;
      assert.deepEqual(await pruneCache(folder, limit), { kept: stays.length * 100, removed: { files: removed, bytes: removed * 100 } });
      assert.deepEqual(await left(), stays);
      assert.deepEqual(await readdir(join(folder, "indexes")), ["Packages"]);
    });
  }
});

test("finding a blob saves it", async () => {
  const store = new BlobStore(folder);
  const { path, digest } = await store.put([Buffer.alloc(100, "x")], { digest: digestOf(Buffer.alloc(100, "x")) });
  await utimes(path, 1, 1);
  await store.find(digest);
  await pruneCache(folder, 100);
  assert.notEqual(await store.find(digest), undefined);
});

test("what a live process holds stays, until it is released", async () => {
  const hold = await holdFiles(folder, ["blobs/sha256/old", "segments/not-there-yet"]);
  assert.deepEqual(await pruneCache(folder, 0), { kept: 100, removed: { files: 3, bytes: 300 } });
  assert.deepEqual(await left(), ["blobs/sha256/old"]);
  await hold.release();
  await pruneCache(folder, 0);
  assert.deepEqual(await left(), []);
});

test("what a dead process held goes, and its temporary files too", async () => {
  const dead = PROCESS_MARK.replace(/-\d+-/, "-999999999-");
  await mkdir(join(folder, "holds"));
  await writeFile(join(folder, "holds", `${dead}.0123456789ab`), "blobs/sha256/old");
  await writeFile(join(folder, "segments", `.x.${dead}.0123456789ab.part`), "half");
  await pruneCache(folder, 0);
  assert.deepEqual(await left(), []);
  assert.deepEqual([await readdir(join(folder, "holds")), await readdir(join(folder, "segments"))], [[], []]);
});

test("a cache that is not there is empty", async () => {
  assert.deepEqual(await pruneCache(join(folder, "none"), 0), { kept: 0, removed: { files: 0, bytes: 0 } });
});
