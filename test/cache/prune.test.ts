import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { holdFiles } from "../../sdk/cache/hold.ts";
import { pruneCache } from "../../sdk/cache/prune.ts";
import { openSession } from "../../sdk/cache/session.ts";
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
    // all written at the same time, long ago; used one after the other
    await utimes(join(folder, name), 1_700_000_000 + at * 60, 1_600_000_000);
  }
  await writeFile(join(folder, "indexes/Packages"), Buffer.alloc(1000));
});
afterEach(() => rm(folder, { recursive: true }));

const left = async (): Promise<string[]> => {
  const names = await Promise.all(
    ["blobs/sha256", "segments"].map(async (name) => (await readdir(join(folder, name))).map((file) => `${name}/${file}`)),
  );
  return FILES.filter((name) => names.flat().includes(name));
};

describe("the least recently used files are removed first:", () => {
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

test("a blob that was just found is kept", async () => {
  const store = new BlobStore(folder);
  const { path, digest } = await store.put([Buffer.alloc(100, "x")], { digest: digestOf(Buffer.alloc(100, "x")) });
  await utimes(path, 1, 1);
  await store.find(digest);
  await pruneCache(folder, 100);
  assert.notEqual(await store.find(digest), undefined);
});

describe("artifacts", () => {
  const at = (name: string, seconds: number) => utimes(join(folder, name), seconds, 1_600_000_000);
  const add = async (digest: string, seconds: number): Promise<void> => {
    await mkdir(join(folder, "artifacts", digest), { recursive: true });
    for (const [name, size] of [
      ["web-kernel", 40],
      ["web-initrd.img", 60],
      [".build.json", 1],
    ] as const) {
      await writeFile(join(folder, "artifacts", digest, name), Buffer.alloc(size));
      await at(`artifacts/${digest}/${name}`, seconds);
    }
  };
  const artifacts = async (): Promise<string[]> => (await readdir(join(folder, "artifacts"), { recursive: true })).sort();

  test("count, and are removed by their last use; their records stay", async () => {
    await add("aa", 1_700_000_030);
    await add("bb", 1_700_000_600);
    // 400 bytes of other files, 202 of these: the oldest file goes, then the older artifact
    assert.deepEqual(await pruneCache(folder, 402), { kept: 402, removed: { files: 3, bytes: 200 } });
    assert.deepEqual(await left(), FILES.slice(1));
    assert.deepEqual(await artifacts(), ["aa", "aa/.build.json", "bb", "bb/.build.json", "bb/web-initrd.img", "bb/web-kernel"]);
  });
  test("count as used when their record is used", async () => {
    await add("aa", 1_700_000_000);
    await add("bb", 1_700_000_600);
    await at("artifacts/aa/.build.json", 1_700_000_700);
    await pruneCache(folder, 102);
    assert.deepEqual(await artifacts(), ["aa", "aa/.build.json", "aa/web-initrd.img", "aa/web-kernel", "bb", "bb/.build.json"]);
  });
  test("are removed with their records at a limit of 0", async () => {
    await add("aa", 1_700_000_030);
    assert.deepEqual(await pruneCache(folder, 0), { kept: 0, removed: { files: 7, bytes: 501 } });
    assert.deepEqual(await artifacts(), []);
  });
  test("are kept while they are held", async () => {
    await add("aa", 1_700_000_030);
    const hold = await holdFiles(folder, ["artifacts/aa"]);
    assert.equal((await pruneCache(folder, 0)).kept, 101);
    await hold.release();
    assert.equal((await pruneCache(folder, 0)).kept, 0);
  });
  test("that a killed process left unfinished are removed at any limit", async () => {
    const dead = join(folder, "artifacts", `.artifact.${PROCESS_MARK.replace(/-\d+-/, "-999999999-")}.0123456789ab.part`);
    await mkdir(dead, { recursive: true });
    const alive = join(folder, "artifacts", `.artifact.${PROCESS_MARK}.0123456789ab.part`);
    await mkdir(alive);
    await pruneCache(folder);
    assert.deepEqual(await artifacts(), [basename(alive)]);
  });
});

test("files that a live process holds are kept until it releases them", async () => {
  const hold = await holdFiles(folder, ["blobs/sha256/old", "segments/not-there-yet"]);
  assert.deepEqual(await pruneCache(folder, 0), { kept: 100, removed: { files: 3, bytes: 300 } });
  assert.deepEqual(await left(), ["blobs/sha256/old"]);
  await hold.release();
  await pruneCache(folder, 0);
  assert.deepEqual(await left(), []);
});

test("files that a dead process held are removed, and its temporary files too", async () => {
  const dead = PROCESS_MARK.replace(/-\d+-/, "-999999999-");
  await mkdir(join(folder, "holds"));
  await writeFile(join(folder, "holds", `${dead}.0123456789ab`), "blobs/sha256/old");
  await writeFile(join(folder, "segments", `.x.${dead}.0123456789ab.part`), "half");
  await pruneCache(folder, 0);
  assert.deepEqual(await left(), []);
  assert.deepEqual([await readdir(join(folder, "holds")), await readdir(join(folder, "segments"))], [[], []]);
});

test("a cache folder that does not exist counts as empty", async () => {
  assert.deepEqual(await pruneCache(join(folder, "none"), 0), { kept: 0, removed: { files: 0, bytes: 0 } });
});

describe("a session", () => {
  test("keeps what was used since it began, until it ends", async () => {
    const store = new BlobStore(folder);
    const digest = digestOf("used");
    await store.put([Buffer.from("used")], { digest });
    {
      using _session = openSession(folder);
      await store.find(digest);
      await pruneCache(folder, 0);
      assert.ok(await store.find(digest));
      assert.deepEqual(await left(), []);
    }
    await pruneCache(folder, 0);
    assert.equal(await store.find(digest), undefined);
  });

  test("of a dead process keeps nothing, and is cleared away", async () => {
    await mkdir(join(folder, "sessions"));
    await writeFile(join(folder, "sessions", `${PROCESS_MARK.replace(/-\d+-/, "-999999999-")}.0123456789ab`), "1");
    await pruneCache(folder, 0);
    assert.deepEqual([await left(), await readdir(join(folder, "sessions"))], [[], []]);
  });
});

test("a file that is used while a prune is under way stays, and who looks for it waits for the prune", async () => {
  const store = new BlobStore(folder);
  const digest = digestOf("new");
  const pruning = pruneCache(folder, 0);
  using _session = openSession(folder);
  await store.put([Buffer.from("new")], { digest });
  assert.ok(await store.find(digest));
  await pruning;
  assert.ok(await store.find(digest));
});
