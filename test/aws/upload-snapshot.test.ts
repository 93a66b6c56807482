import assert from "node:assert/strict";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { type AwsClients, awsClients, whoAmI } from "../../providers/aws/access/clients.ts";
import { awsSnapshotService } from "../../providers/aws/ebs/aws-snapshot-service.ts";
import { type SnapshotUpload, uploadSnapshot } from "../../providers/aws/ebs/upload-snapshot.ts";
import { fileBytes } from "../../sdk/core/file-bytes.ts";
import type { Progress } from "../../sdk/core/progress.ts";
import { listBlocks } from "../../sdk/upload/block-list.ts";
import { BLOCK_BYTES, blockMap } from "../../sdk/upload/block-map.ts";
import { openJournal } from "../../sdk/upload/journal.ts";
import { AwsServer } from "../support/aws/aws-server.ts";
import { noise } from "../support/disks.ts";

const GIB = 2 ** 30;

let server: AwsServer;
let clients: AwsClients;
let folder: string;

/** A sparse GiB with blocks of noise at these indexes. */
async function image(name: string, blocks: Readonly<Record<number, string>>): Promise<Pick<SnapshotUpload, "file" | "size" | "blocks">> {
  const file = join(folder, name);
  await using handle = await open(file, "w");
  await handle.truncate(GIB);
  for (const [index, seed] of Object.entries(blocks)) await handle.write(noise(BLOCK_BYTES, seed), 0, BLOCK_BYTES, Number(index) * BLOCK_BYTES);
  return { file, size: GIB, blocks: listBlocks(await blockMap(fileBytes(file, { memory: "reused" }))) };
}

const lines: Progress[] = [];
async function upload(what: Pick<SnapshotUpload, "file" | "size" | "blocks">, more: Partial<SnapshotUpload> = {}) {
  const journal = await openJournal(join(folder, "journal"));
  return uploadSnapshot(awsSnapshotService(clients), { ...what, key: "k", description: "d", tags: { Name: "n" }, journal, pollMs: 10, signal: AbortSignal.timeout(60_000), onProgress: (line) => lines.push(line), ...more });
}

/** What a volume from the snapshot holds where it is not zero, and what the file holds there. */
async function assertHolds(id: string, file: string): Promise<void> {
  const blocks = server.ebs.blocksOf(id);
  await using handle = await open(file);
  const bytes = Buffer.alloc(BLOCK_BYTES);
  const zero = Buffer.alloc(BLOCK_BYTES);
  for (let index = 0; index < GIB / BLOCK_BYTES; index++) {
    await handle.read(bytes, 0, BLOCK_BYTES, index * BLOCK_BYTES);
    assert.ok(bytes.equals(blocks.get(index) ?? zero), `block ${index}`);
  }
}

describe("an upload to EBS", { timeout: 300_000 }, () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "ebs-"));
    server = await AwsServer.start();
    Object.assign(process.env, server.environment);
    clients = awsClients({});
  });
  beforeEach(() => {
    server.ebs.snapshots.clear();
    server.ebs.encryptsByDefault = false;
    server.requests.length = 0;
    server.fault = undefined;
    lines.length = 0;
  });
  after(async () => {
    for (const client of Object.values(clients)) client.destroy();
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  test("says whose account and which region it is", async () => {
    assert.deepEqual(await whoAmI(clients, AbortSignal.timeout(5000)), { account: "123456789012", region: "eu-central-1" });
  });

  test("sends the blocks that hold something, and no others", async () => {
    const one = await image("one", { 0: "a", 3: "b", 2047: "c" });
    const { id, blocksSent, encrypted } = await upload(one);
    assert.deepEqual([blocksSent, encrypted, server.blocksPut], [3, false, 3]);
    await assertHolds(id, one.file);
    assert.equal(server.ebs.snapshots.get(id)?.tags.get("Name"), "n");
    assert.match(lines.at(-1)?.message ?? "", /^snap-\w+ is complete: 1\.6 MB in \d+ s \(/);
    await assert.rejects(readFile(join(folder, "journal")), { code: "ENOENT" });
  });

  test("sends what changed since its parent, zeroes too", async () => {
    const old = await image("old", { 0: "a", 3: "b", 7: "c" });
    const parent = await upload(old);
    server.requests.length = 0;
    const now = await image("now", { 0: "a", 3: "B", 9: "d" });
    const { id, blocksSent } = await upload(now, { parent: { id: parent.id, encrypted: false, blocks: old.blocks }, key: "2" });
    assert.deepEqual([blocksSent, server.blocksPut], [3, 3]);
    await assertHolds(id, now.file);
    assert.ok(lines.some(({ message }) => message === `1.6 MB to send of 1.6 MB: ${parent.id} has the rest`), JSON.stringify(lines));
    await awsSnapshotService(clients).remove(parent.id);
    await assertHolds(id, now.file);
  });

  test("sends every block where zeroes are encrypted, but for what an encrypted parent has", async () => {
    const one = await image("one", { 5: "a" });
    const { id, encrypted } = await upload(one, { encrypted: true, kmsKeyArn: "arn:k" });
    assert.deepEqual([encrypted, server.blocksPut], [true, 2048]);
    await assertHolds(id, one.file);
    const inherits = await upload(one, { key: "3", parent: { id, encrypted: true, blocks: one.blocks } });
    assert.deepEqual([inherits.blocksSent, inherits.encrypted], [0, true]);
  });

  test("sends all where the account has begun to encrypt since the parent", async () => {
    const one = await image("one", { 5: "a" });
    const { id } = await upload(one);
    server.ebs.encryptsByDefault = true;
    const next = await upload(one, { parent: { id, encrypted: false, blocks: one.blocks }, key: "2" });
    assert.deepEqual([next.blocksSent, next.encrypted], [2048, true]);
    assert.deepEqual([...server.ebs.snapshots.values()].map(({ status }) => status), ["completed", "completed"]);
  });

  test("arrives whole in spite of throttling, 5xx, cut connections and lost answers", async () => {
    const one = await image("one", Object.fromEntries(Array.from({ length: 300 }, (_, index) => [index * 3, `${index}`])));
    server.fault = (_, count) => {
      if (count % 20 === 1) return { status: 400, code: "RequestThrottledException" };
      if (count % 100 === 2) return { status: 500, code: "InternalServerException" };
      if (count % 200 === 3) return { cut: true };
      return count % 200 === 103 ? { cut: true, done: true } : undefined;
    };
    const { id } = await upload(one);
    await assertHolds(id, one.file);
    assert.ok(server.requests.length < 300 * 1.2 + 10, `${server.requests.length} requests`);
  });

  test("leaves nothing pending when it fails or is cancelled", async () => {
    const one = await image("one", Object.fromEntries(Array.from({ length: 100 }, (_, index) => [index, `${index}`])));
    server.fault = (action, count) => (action === "PutSnapshotBlock" && count > 50 ? { status: 403, code: "AccessDeniedException" } : undefined);
    await assert.rejects(upload(one), { code: "ACCESS_DENIED", message: /^aws PutSnapshotBlock snap-\w+ \d+: as the test wants/ });
    assert.equal(server.ebs.snapshots.size, 0);

    const cancel = new AbortController();
    server.fault = (action, count) => {
      if (action === "PutSnapshotBlock" && count > 20) cancel.abort(new Error("cancelled by the test"));
      return undefined;
    };
    await assert.rejects(upload(one, { signal: cancel.signal }), { message: "cancelled by the test" });
    assert.equal(server.ebs.snapshots.size, 0);
    await assert.rejects(readFile(join(folder, "journal")), { code: "ENOENT" });
  });

  test("refuses a file that is not what was built", async () => {
    const one = await image("one", { 1: "a" });
    await image("one", { 1: "b" });
    await assert.rejects(upload(one), { code: "DIGEST_MISMATCH", message: /block 1 is not what the build wrote/ });
    assert.equal(server.ebs.snapshots.size, 0);
  });

  describe("that was killed", () => {
    const service = () => awsSnapshotService(clients);
    /** Starts a snapshot and puts its first blocks; what one that is killed cannot do any more is not done. */
    async function killed(one: Pick<SnapshotUpload, "file" | "size" | "blocks">, count: number): Promise<string> {
      let put = 0;
      const journal = await openJournal(join(folder, "journal"));
      const dying = { ...service(), remove: async () => {}, put: (...args: Parameters<ReturnType<typeof service>["put"]>) => (put++ < count ? service().put(...args) : Promise.reject(new Error("killed"))) };
      const run = uploadSnapshot(dying, { ...one, key: "k", description: "d", tags: { Name: "n" }, journal: { ...journal, remove: journal.close }, inFlight: 1, signal: AbortSignal.timeout(60_000), onProgress: () => {} });
      await assert.rejects(run, { message: "killed" });
      return [...server.ebs.snapshots.keys()][0] as string;
    }

    test("goes on with the same snapshot", async () => {
      const one = await image("one", Object.fromEntries(Array.from({ length: 20 }, (_, index) => [index, `${index}`])));
      const id = await killed(one, 12);
      const { blocksSent, ...again } = await upload(one);
      assert.deepEqual([again.id, blocksSent, server.blocksPut], [id, 8, 20]);
      await assertHolds(id, one.file);
    });
    test("is cleared away where nobody knows how far it came", async () => {
      const one = await image("one", Object.fromEntries(Array.from({ length: 20 }, (_, index) => [index, `${index}`])));
      const id = await killed(one, 12);
      await rm(join(folder, "journal"));
      const again = await upload(one);
      assert.notEqual(again.id, id);
      assert.deepEqual([...server.ebs.snapshots.keys()], [again.id]);
    });
    test("after it had said that all is there: it is taken as it is", async () => {
      const one = await image("one", { 4: "a" });
      const journal = await openJournal(join(folder, "journal"));
      const dying = { ...service(), complete: async (...args: Parameters<ReturnType<typeof service>["complete"]>) => service().complete(...args).then(() => Promise.reject(new Error("killed"))), remove: async () => {} };
      await assert.rejects(uploadSnapshot(dying, { ...one, key: "k", description: "d", tags: { Name: "n" }, journal: { ...journal, remove: journal.close }, signal: AbortSignal.timeout(60_000), onProgress: () => {} }), { message: "killed" });
      const [id] = [...server.ebs.snapshots.keys()];
      server.requests.length = 0;
      assert.deepEqual(await upload(one), { id, encrypted: false, blocksSent: 0, bytesSent: 0 });
      assert.equal(server.blocksPut, 0);
    });
    test("another of the same bytes that is complete is left alone: a stack may use it", async () => {
      const one = await image("one", { 4: "a" });
      const { id } = await upload(one);
      assert.notEqual((await upload(one)).id, id);
      assert.equal(server.ebs.snapshots.size, 2);
    });
    test("begins anew where AWS has given the snapshot up", async () => {
      const one = await image("one", { 0: "a", 1: "b" });
      const id = await killed(one, 1);
      server.ebs.snapshots.delete(id);
      assert.equal((await upload(one)).blocksSent, 2);
    });
  });
});
