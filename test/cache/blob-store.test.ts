import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { digestOf } from "../../sdk/core/digest.ts";

let store: BlobStore;
beforeEach(async () => {
  store = new BlobStore(await mkdtemp(join(tmpdir(), "blob-store-")));
});
afterEach(() => rm(store.directory, { recursive: true }));

test("a blob is found under its digest, with its bytes", async () => {
  const digest = digestOf("hello");
  assert.equal(await store.find(digest), undefined);
  assert.deepEqual(await store.put([Buffer.from("hello")], { digest }), { digest, size: 5, path: store.path(digest) });
  assert.deepEqual(await store.find(digest), { digest, size: 5, path: store.path(digest) });
  assert.equal((await collect(store.open(digest))).toString(), "hello");
});

test("a wrong body is refused, and leaves no file", async () => {
  const digest = digestOf("hello");
  await assert.rejects(store.put([Buffer.from("hellO")], { digest }, { what: "nginx.deb" }), {
    code: "DIGEST_MISMATCH",
    message: /^nginx\.deb: got sha256:/,
  });
  assert.equal(await store.find(digest), undefined);
  assert.deepEqual(await readdir(join(store.directory, "blobs", "sha256")), []);
});

test("finding a blob updates its access time and not its modification time", async () => {
  const { path, digest } = await store.put([Buffer.from("x")], { digest: digestOf("x") });
  const long = new Date("2020-01-01T00:00:00Z");
  await utimes(path, long, long);
  await store.find(digest);
  const stats = await stat(path);
  assert.equal(stats.mtime.getTime(), long.getTime());
  assert.ok(stats.atime.getTime() > long.getTime());
});

test("concurrent writers of one blob all succeed", async () => {
  const body = Buffer.alloc(300_000, 7);
  const digest = digestOf(body);
  const slow = async function* () {
    for (let at = 0; at < body.length; at += 1000) yield body.subarray(at, at + 1000);
  };
  await Promise.all([store.put(slow(), { digest }), store.put(slow(), { digest }), store.put([body], { digest })]);
  assert.deepEqual(await readdir(join(store.directory, "blobs", "sha256")), [digest.slice(7)]);
  assert.deepEqual(await collect(store.open(digest)), body);
});

test("a blob whose file others changed is refused, and removed so that it is fetched again", async () => {
  const digest = digestOf("good");
  for (const [name, read] of [
    ["whole", (bytes: AsyncIterable<Uint8Array>) => collect(bytes)],
    [
      "up to an early stop",
      async (bytes: AsyncIterable<Uint8Array>) => {
        for await (const _ of bytes) break;
      },
    ],
  ] as const) {
    const { path } = await store.put([Buffer.from("good")], { digest });
    await writeFile(path, "evil");
    await assert.rejects(async () => read(store.open(digest)), {
      code: "DIGEST_MISMATCH",
      message: `${path}: got ${digestOf("evil")}, wanted ${digest}: the file in the cache has changed and is removed: run this again to restore it`,
    });
    assert.equal(await store.find(digest), undefined, name);
  }
});
