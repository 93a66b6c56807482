import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { after, before, beforeEach, describe, test } from "node:test";
import { type AwsClients, whoAmI } from "../../providers/aws/plugin/access/clients.ts";
import { awsSnapshotService } from "../../providers/aws/plugin/ebs/aws-snapshot-service.ts";
import { uploadSnapshot } from "../../providers/aws/plugin/ebs/upload-snapshot.ts";
import { openJournal } from "../../sdk/upload/journal.ts";
import type { AwsServer } from "../support/aws/aws-server.ts";
import { EbsFixture, type TestImage } from "../support/aws/ebs-fixture.ts";

describe("an upload to EBS", { timeout: 300_000 }, () => {
  let ebs: EbsFixture;
  let server: AwsServer;
  let clients: AwsClients;
  before(async () => {
    ebs = await EbsFixture.start();
    ({ server, clients } = ebs);
  });
  beforeEach(() => ebs.reset());
  after(() => ebs[Symbol.asyncDispose]());

  test("reports its account and region", async () => {
    assert.deepEqual(await whoAmI(clients, AbortSignal.timeout(5000)), { account: "123456789012", region: "eu-central-1" });
  });

  test("sends only blocks with content", async () => {
    const one = await ebs.image("one", { 0: "a", 3: "b", 2047: "c" });
    const { id, blocksSent, encrypted } = await ebs.upload(one);
    assert.deepEqual([blocksSent, encrypted, server.blocksPut], [3, false, 3]);
    await ebs.assertHolds(id, one);
    assert.equal(server.ebs.snapshots.get(id)?.tags.get("Name"), "n");
    assert.match(ebs.lines.at(-1)?.message ?? "", /^snap-\w+ is complete: 1\.6 MB in \d+ s \(/);
    await assert.rejects(readFile(ebs.journal), { code: "ENOENT" });
  });

  test("sends the blocks that changed since its parent, zeroed ones too", async () => {
    const old = await ebs.image("old", { 0: "a", 3: "b", 7: "c" });
    const parent = await ebs.upload(old);
    server.requests.length = 0;
    const now = await ebs.image("now", { 0: "a", 3: "B", 9: "d" });
    const { id, blocksSent } = await ebs.upload(now, { parent: { id: parent.id, encrypted: false, blocks: old.blocks } });
    assert.deepEqual([blocksSent, server.blocksPut], [3, 3]);
    await ebs.assertHolds(id, now);
    assert.ok(
      ebs.lines.some(({ message }) => message === `1.6 MB to send of 1.6 MB: ${parent.id} has the rest`),
      JSON.stringify(ebs.lines),
    );
    await awsSnapshotService(clients).remove(parent.id);
    await ebs.assertHolds(id, now);
  });

  test("sends every block if its parent was deleted since it was looked at", async () => {
    const old = await ebs.image("old", { 0: "a", 3: "b" });
    const now = await ebs.image("now", { 0: "a", 3: "B" });
    const { id, blocksSent } = await ebs.upload(now, { parent: { id: "snap-0000000000000dead", encrypted: false, blocks: old.blocks } });
    assert.equal(blocksSent, 2);
    await ebs.assertHolds(id, now);
  });

  test("waits until EBS knows the snapshot that it has just started", async () => {
    server.ebs.unknownMs = 7000;
    const one = await ebs.image("one", { 0: "a", 3: "b" });
    const { id } = await ebs.upload(one);
    await ebs.assertHolds(id, one);
    // a snapshot that stays unknown is gone
    server.ebs.unknownMs = 60_000;
    await assert.rejects(ebs.upload(one, {}, 300), {
      code: "NOT_FOUND",
      message: /^aws PutSnapshotBlock snap-\w+ \d+: The snapshot .* does not exist/,
    });
  });

  test("waits until EBS knows a snapshot without blocks that it completes", async () => {
    server.ebs.unknownMs = 1000;
    const { id } = await ebs.upload(await ebs.image("empty", {}));
    assert.equal(server.ebs.snapshots.get(id)?.status, "completed");
  });

  test("fails if its snapshot is deleted while AWS completes it", async () => {
    server.ebs.looksToComplete = 1000;
    const one = await ebs.image("one", { 0: "a" });
    server.fault = (action) => {
      if (action === "DescribeSnapshots" && server.requests.some(({ action }) => action === "CompleteSnapshot"))
        server.ebs.snapshots.clear();
      return undefined;
    };
    await assert.rejects(ebs.upload(one), {
      code: "NOT_FOUND",
      message: /^snap-\w+: the snapshot was deleted while AWS completed it: run the update again/,
    });
    await assert.rejects(readFile(ebs.journal), { code: "ENOENT" });
  });

  test("gives up after a limit if AWS does not complete its snapshot, and the next run waits for the same one", async () => {
    server.ebs.looksToComplete = 20;
    const one = await ebs.image("one", { 0: "a", 1: "b" });
    await assert.rejects(ebs.upload(one, { completeMs: 30 }), {
      code: "TIMEOUT",
      message:
        /^snap-\w+: AWS has not completed the snapshot 0 s after its last block: run the update again, which waits for the same snapshot/,
    });
    const [id] = server.ebs.snapshots.keys();
    assert.equal(server.blocksPut, 2);
    assert.equal((await ebs.upload(one)).id, id);
    assert.equal(server.blocksPut, 2);
    await ebs.assertHolds(id as string, one);
  });

  test("arrives complete despite throttling, 5xx, cut connections and lost answers", async () => {
    const one = await ebs.image("one", Object.fromEntries(Array.from({ length: 300 }, (_, index) => [index * 3, `${index}`])));
    server.fault = (_, count) => {
      if (count % 20 === 1) return { status: 400, code: "RequestThrottledException" };
      if (count % 100 === 2) return { status: 500, code: "InternalServerException" };
      if (count % 200 === 3) return { cut: true };
      return count % 200 === 103 ? { cut: true, done: true } : undefined;
    };
    const { id } = await ebs.upload(one);
    await ebs.assertHolds(id, one);
    assert.ok(server.requests.length < 300 * 1.2 + 10, `${server.requests.length} requests`);
  });

  test("arrives complete where the network is away for more requests than the SDK's quota of retries", async () => {
    const one = await ebs.image("one", Object.fromEntries(Array.from({ length: 100 }, (_, index) => [index, `${index}`])));
    let cut = 0;
    server.fault = (action) => (action === "PutSnapshotBlock" && cut++ < 200 ? { cut: true } : undefined);
    const { id } = await ebs.upload(one);
    await ebs.assertHolds(id, one);
  });

  test("leaves no pending snapshot when it fails or is cancelled", async () => {
    const one = await ebs.image("one", Object.fromEntries(Array.from({ length: 100 }, (_, index) => [index, `${index}`])));
    server.fault = (action, count) =>
      action === "PutSnapshotBlock" && count > 50 ? { status: 403, code: "AccessDeniedException" } : undefined;
    await assert.rejects(ebs.upload(one), { code: "ACCESS_DENIED", message: /^aws PutSnapshotBlock snap-\w+ \d+: fault of the test/ });
    assert.equal(server.ebs.snapshots.size, 0);

    const cancel = new AbortController();
    server.fault = (action, count) => {
      if (action === "PutSnapshotBlock" && count > 20) cancel.abort(new Error("cancelled by the test"));
      return undefined;
    };
    await assert.rejects(ebs.upload(one, { signal: cancel.signal }), { message: "cancelled by the test" });
    assert.equal(server.ebs.snapshots.size, 0);
    await assert.rejects(readFile(ebs.journal), { code: "ENOENT" });
  });

  test("leaves no pending snapshot when the answer to its start is lost, and touches none of another upload", async () => {
    const other = server.ebs.start({ VolumeSize: 1, Tags: [{ Key: "Name", Value: "n" }] });
    const one = await ebs.image("one", { 1: "a" });
    const cancel = new AbortController();
    server.fault = (action) => {
      if (action !== "StartSnapshot" || cancel.signal.aborted) return undefined;
      setTimeout(() => cancel.abort(new Error("cancelled by the test")), 100);
      return { cut: true, done: true };
    };
    await assert.rejects(ebs.upload(one, { signal: cancel.signal }), { message: "cancelled by the test" });
    assert.deepEqual([...server.ebs.snapshots.keys()], [other.snapshot.id]);
  });

  test("fails with AWS's message when the account has its maximum of pending snapshots", async () => {
    for (let count = 0; count < 100; count++) server.ebs.start({ VolumeSize: 1 });
    const one = await ebs.image("one", { 1: "a" });
    await assert.rejects(ebs.upload(one), { code: "ACCESS_DENIED", message: /^aws StartSnapshot: too many pending snapshots/ });
    assert.deepEqual([server.blocksPut, server.ebs.snapshots.size], [0, 100]);
  });

  test("refuses a file that differs from what was built", async () => {
    const one = await ebs.image("one", { 1: "a" });
    await ebs.image("one", { 1: "b" });
    await assert.rejects(ebs.upload(one), { code: "DIGEST_MISMATCH", message: /block 1 is not what the build wrote/ });
    assert.equal(server.ebs.snapshots.size, 0);
  });

  describe("after a kill", () => {
    const service = () => awsSnapshotService(clients);
    /** Starts a snapshot and sends its first `count` blocks, then fails without any cleanup, as a killed process does. */
    async function killed(one: TestImage, count: number): Promise<string> {
      let put = 0;
      const journal = await openJournal(ebs.journal);
      const dying = {
        ...service(),
        remove: async () => {},
        put: (...args: Parameters<ReturnType<typeof service>["put"]>) =>
          put++ < count ? service().put(...args) : Promise.reject(new Error("killed")),
      };
      const run = uploadSnapshot(dying, {
        ...one,
        description: "d",
        tags: { Name: "n" },
        journal: { ...journal, remove: journal.close },
        inFlight: 1,
        signal: AbortSignal.timeout(60_000),
        onProgress: () => {},
      });
      await assert.rejects(run, { message: "killed" });
      return [...server.ebs.snapshots.keys()][0] as string;
    }

    test("resumes the same snapshot", async () => {
      const one = await ebs.image("one", Object.fromEntries(Array.from({ length: 20 }, (_, index) => [index, `${index}`])));
      const id = await killed(one, 12);
      const { blocksSent, ...again } = await ebs.upload(one);
      assert.deepEqual([again.id, blocksSent, server.blocksPut], [id, 8, 20]);
      await ebs.assertHolds(id, one);
    });
    test("starts over, and leaves the old snapshot, if the journal is lost: it may be another host's", async () => {
      const one = await ebs.image("one", Object.fromEntries(Array.from({ length: 20 }, (_, index) => [index, `${index}`])));
      const id = await killed(one, 12);
      await rm(ebs.journal);
      const again = await ebs.upload(one);
      assert.notEqual(again.id, id);
      // AWS drops a pending snapshot an hour after its last block
      assert.deepEqual([...server.ebs.snapshots.keys()].sort(), [again.id, id].sort());
    });
    test("reuses a snapshot that was already completed", async () => {
      const one = await ebs.image("one", { 4: "a" });
      const journal = await openJournal(ebs.journal);
      const dying = {
        ...service(),
        complete: async (...args: Parameters<ReturnType<typeof service>["complete"]>) =>
          service()
            .complete(...args)
            .then(() => Promise.reject(new Error("killed"))),
        remove: async () => {},
      };
      await assert.rejects(
        uploadSnapshot(dying, {
          ...one,
          description: "d",
          tags: { Name: "n" },
          journal: { ...journal, remove: journal.close },
          signal: AbortSignal.timeout(60_000),
          onProgress: () => {},
        }),
        { message: "killed" },
      );
      const [id] = [...server.ebs.snapshots.keys()];
      server.requests.length = 0;
      assert.deepEqual(await ebs.upload(one), { id, encrypted: false, blocksSent: 0, bytesSent: 0 });
      assert.equal(server.blocksPut, 0);
    });
    test("leaves a completed snapshot of the same image alone, because a stack may use it", async () => {
      const one = await ebs.image("one", { 4: "a" });
      const { id } = await ebs.upload(one);
      assert.notEqual((await ebs.upload(one)).id, id);
      assert.equal(server.ebs.snapshots.size, 2);
    });
    test("starts over if AWS has deleted the snapshot", async () => {
      const one = await ebs.image("one", { 0: "a", 1: "b" });
      const id = await killed(one, 1);
      server.ebs.snapshots.delete(id);
      assert.equal((await ebs.upload(one)).blocksSent, 2);
    });
  });
});
