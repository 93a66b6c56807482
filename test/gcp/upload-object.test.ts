import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { gcpLogin } from "../../providers/gcp/plugin/access/login.ts";
import { Crc32c } from "../../providers/gcp/plugin/storage/crc32c.ts";
import { storageAccess, storageClient } from "../../providers/gcp/plugin/storage/bucket-client.ts";
import { projectOfBucket, removeObject } from "../../providers/gcp/plugin/storage/object.ts";
import { type ObjectUpload, uploadObject } from "../../providers/gcp/plugin/storage/upload-object.ts";
import { digestOf } from "../../sdk/core/digest.ts";
import type { Progress } from "../../sdk/core/progress.ts";
import { openJournal } from "../../sdk/upload/journal.ts";
import { noise } from "../support/disks.ts";
import { StorageServer } from "../support/gcp/storage-server.ts";
import { scratch } from "../support/judge.ts";

const MIB = 1 << 20;

test("CRC-32C matches published values, in one part and in several", () => {
  const rows: readonly [Uint8Array, string][] = [
    // RFC 3720, B.4, and the check value of the CRC catalogue
    [Buffer.alloc(32), "8a9136aa"],
    [Buffer.alloc(32, 0xff), "62a8ab43"],
    [Buffer.from(Array.from({ length: 32 }, (_, index) => index)), "46dd794e"],
    [Buffer.from("123456789"), "e3069283"],
    [Buffer.alloc(0), "00000000"],
  ];
  for (const [bytes, want] of rows) assert.equal(Buffer.from(new Crc32c().update(bytes).base64(), "base64").toString("hex"), want);
  const bytes = noise(1000, "crc");
  for (const cut of [1, 15, 16, 17, 999])
    assert.equal(new Crc32c().update(bytes.subarray(0, cut)).update(bytes.subarray(cut)).base64(), new Crc32c().update(bytes).base64());
});

describe("an upload to Cloud Storage", { timeout: 120_000 }, () => {
  let server: StorageServer;
  let folder: Awaited<ReturnType<typeof scratch>>;
  const lines: Progress[] = [];
  const hasLine = (message: RegExp) => lines.some((line) => line.lasting && message.test(line.message));
  const bytes = noise(5 * MIB + 777, "image");
  const access = () => ({ origin: server.url, login: async () => ({}), pauseMs: 2 });
  const journalFile = () => join(folder.path, "journal");
  const upload = async (more: Partial<ObjectUpload> = {}) => {
    lines.length = 0;
    const journal = more.journal ?? (await openJournal(journalFile()));
    return uploadObject(access(), {
      file: join(folder.path, "image"),
      size: bytes.length,
      digest: digestOf(bytes),
      bucket: "images",
      object: "one.tar.gz",
      chunkBytes: MIB,
      signal: AbortSignal.timeout(60_000),
      onProgress: (line) => lines.push(line),
      ...more,
      journal,
    });
  };
  const holds = () => server.storage.objects.get("images/one.tar.gz")?.bytes.equals(bytes) ?? false;
  const count = (action: string) => server.requests.filter((request) => request.action === action).length;

  before(async () => {
    folder = await scratch();
    server = await StorageServer.start();
  });
  beforeEach(async () => {
    server.storage.objects.clear();
    server.storage.sessions.clear();
    server.storage.buckets.clear();
    server.storage.buckets.set("images", "123");
    server.storage.keepsUnits = true;
    server.requests.length = 0;
    server.fault = undefined;
    server.tokens.clear();
    await rm(journalFile(), { force: true });
    await writeFile(join(folder.path, "image"), bytes);
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  test("arrives complete, in chunks, and reports its speed", async () => {
    const object = await upload();
    assert.ok(holds());
    assert.equal(object.metadata?.["linuxkit-digest"], digestOf(bytes));
    assert.deepEqual([count("put"), count("query"), server.bytesPut], [6, 0, bytes.length]);
    assert.ok(
      hasLine(/^5\.2 MB to send$/) && hasLine(/^gs:\/\/images\/one\.tar\.gz is complete: 5\.2 MB in \d+ s \([\d.]+ MB\/s\)$/),
      JSON.stringify(lines),
    );
    assert.ok(
      lines.some(({ message, done, total }) => /MB\/s, \d+ s left$/.test(message) && done === 2 * MIB && total === bytes.length),
      JSON.stringify(lines),
    );
    await assert.rejects(readFile(journalFile()), { code: "ENOENT" });
  });

  test("arrives complete despite throttling, 5xx, connections cut before, within and after a chunk, and lost answers", async () => {
    const faults = [
      { status: 503 },
      undefined,
      { cut: true, after: 700_000 },
      { status: 429, retryAfter: 0 },
      undefined,
      { cut: true },
      { cut: true, done: true },
      undefined,
      { status: 500 },
      { cut: true, after: 1 },
    ] as const;
    server.fault = (action, count) => (action === "put" || count % 5 === 4 ? faults[count % faults.length] : undefined);
    await upload();
    assert.ok(holds());
    assert.ok(server.requests.length < 60, `${server.requests.length} requests`);
    // bytes of a cut chunk that arrived are not sent again
    assert.ok(server.bytesPut <= bytes.length, `${server.bytesPut} bytes`);
  });

  test("arrives complete where nothing of a cut chunk is kept", async () => {
    server.storage.keepsUnits = false;
    let puts = 0;
    server.fault = (action) => (action === "put" && puts++ % 2 === 0 ? { cut: true, after: 700_000 } : undefined);
    await upload();
    assert.ok(holds());
    const cut = server.requests.filter(({ action, status }) => action === "put" && status === 0);
    assert.ok(cut.length > 2, `${cut.length} chunks were cut`);
  });

  test("gives up after repeated failures, and leaves neither session nor object", async () => {
    server.fault = (action, count) => (action === "put" && count > 4 ? { status: 503 } : undefined);
    await assert.rejects(upload(), { code: "NETWORK", message: /upload: Cloud Storage answered 503: fault of the test/ });
    assert.deepEqual([server.storage.open.length, server.storage.objects.size], [0, 0]);
    await assert.rejects(readFile(journalFile()), { code: "ENOENT" });
  });

  test("leaves neither session nor object when cancelled, and throws the caller's reason", async () => {
    const cancel = new AbortController();
    server.fault = (action, count) => {
      if (action === "put" && count > 3) cancel.abort(new Error("cancelled by the test"));
      return undefined;
    };
    await assert.rejects(upload({ signal: cancel.signal }), { message: "cancelled by the test" });
    assert.deepEqual([server.storage.open.length, server.storage.objects.size, count("cancel")], [0, 0, 1]);
  });

  test("deletes the object when cancelled between the last chunk and its answer", async () => {
    const cancel = new AbortController();
    server.fault = (action) => {
      if (action !== "put" || server.storage.open[0]?.have !== 5 * MIB) return undefined;
      setTimeout(() => cancel.abort(new Error("cancelled by the test")), 50);
      return { cut: true, done: true };
    };
    // a pause so long that the cancellation comes within it
    await assert.rejects(
      uploadObject(
        { ...access(), pauseMs: 100_000 },
        {
          file: join(folder.path, "image"),
          size: bytes.length,
          digest: digestOf(bytes),
          bucket: "images",
          object: "one.tar.gz",
          journal: await openJournal(journalFile()),
          chunkBytes: MIB,
          signal: cancel.signal,
          onProgress: () => {},
        },
      ),
      { message: "cancelled by the test" },
    );
    assert.deepEqual([server.storage.open.length, server.storage.objects.size], [0, 0]);
  });

  test("refuses a file that differs from what was built, and creates no object", async () => {
    await writeFile(join(folder.path, "image"), Buffer.concat([bytes.subarray(1), Buffer.from("x")]));
    await assert.rejects(upload(), { code: "DIGEST_MISMATCH", message: /image is not the file that the build wrote/ });
    assert.deepEqual([server.storage.open.length, server.storage.objects.size], [0, 0]);
    await writeFile(join(folder.path, "image"), bytes.subarray(1));
    await assert.rejects(upload(), { code: "DIGEST_MISMATCH" });
    assert.equal(server.storage.objects.size, 0);
  });

  test("refuses an object that arrived with a wrong checksum, and deletes it", async () => {
    let puts = 0;
    server.fault = (action) => (action === "put" && ++puts === 2 ? { flip: true } : undefined);
    await assert.rejects(upload(), {
      code: "DIGEST_MISMATCH",
      message: /one\.tar\.gz: got the checksum \S+, wanted \S+: run the update again/,
    });
    assert.equal(server.storage.objects.size, 0);
  });

  test("overwrites an object with the same bytes by a generation of its own, which deleting the old generation leaves alone", async () => {
    const first = await upload();
    server.requests.length = 0;
    const second = await upload();
    assert.notEqual(second.generation, first.generation);
    const client = storageClient(access(), AbortSignal.timeout(5000));
    await removeObject(client, first);
    assert.ok(holds());
    await removeObject(client, second);
    await removeObject(client, second);
    assert.equal(server.storage.objects.size, 0);
  });

  test("takes no object for its own by name, size, digest and checksum", async () => {
    await upload();
    const own = server.storage.objects.get("images/one.tar.gz");
    assert.ok(own);
    // whoever writes to the bucket can make other bytes of the same CRC-32C, and sets the metadata
    server.storage.objects.set("images/one.tar.gz", { ...own, bytes: Buffer.alloc(bytes.length) });
    server.requests.length = 0;
    await upload();
    assert.ok(holds());
    assert.equal(server.bytesPut, bytes.length);
  });

  describe("after a kill", () => {
    /** Sends `chunks` chunks, then fails without any cleanup, so the journal remains. */
    async function killed(chunks: number): Promise<string> {
      let puts = 0;
      server.fault = (action) =>
        action === "put" && puts++ >= chunks
          ? { status: 403 }
          : action === "cancel" || (action === "query" && puts > chunks)
            ? { status: 403 }
            : undefined;
      const journal = await openJournal(journalFile());
      await assert.rejects(upload({ journal: { ...journal, remove: journal.close } }), { code: "ACCESS_DENIED" });
      server.fault = undefined;
      server.requests.length = 0;
      return [...server.storage.sessions.keys()][0] as string;
    }

    test("resumes the same session, and sends only the rest", async () => {
      const session = await killed(3);
      await upload();
      assert.ok(holds());
      assert.deepEqual([[...server.storage.sessions.keys()], count("start"), server.bytesPut], [[session], 0, bytes.length - 3 * MIB]);
      assert.ok(hasLine(/^resuming: 3\.1 MB already sent, 2\.1 MB left$/), JSON.stringify(lines));
    });
    test("reuses a complete object", async () => {
      const session = await killed(3);
      server.storage.put(session, `bytes ${3 * MIB}-${bytes.length - 1}/${bytes.length}`, bytes.subarray(3 * MIB));
      // the session itself tells that it is complete
      await upload();
      assert.ok(holds());
      assert.equal(server.bytesPut, 0);
    });
    test("starts over if Cloud Storage has ended the session", async () => {
      const session = await killed(3);
      server.storage.sessions.delete(session);
      await upload();
      assert.ok(holds());
      assert.equal(server.bytesPut, bytes.length);
    });
    test("starts over if the session ends during the upload", async () => {
      let puts = 0;
      server.fault = (action) => {
        if (action === "put" && ++puts === 3) server.storage.sessions.clear();
        return undefined;
      };
      await upload();
      assert.ok(holds());
      assert.equal(count("start"), 2);
    });
    test("does not resume for other bytes", async () => {
      await killed(3);
      const other = noise(bytes.length, "other");
      await writeFile(join(folder.path, "image"), other);
      await upload({ digest: digestOf(other) });
      assert.ok(server.storage.objects.get("images/one.tar.gz")?.bytes.equals(other));
    });
  });

  test("reports the project of a bucket and Google's refusals", async () => {
    const client = storageClient(access(), AbortSignal.timeout(5000));
    assert.equal(await projectOfBucket(client, "images"), "123");
    await assert.rejects(projectOfBucket(client, "none"), {
      code: "NOT_FOUND",
      message: /^bucket none does not exist: 404: The specified bucket does not exist\./,
    });
    server.tokens.add("good");
    await assert.rejects(upload(), { code: "ACCESS_DENIED", message: /Invalid Credentials/ });
  });

  test("logs in with a token, and uses an emulator without a login", async () => {
    server.tokens.add("good");
    const login = gcpLogin({ accessToken: "good" });
    assert.equal(await projectOfBucket(storageClient({ ...access(), login }, AbortSignal.timeout(5000)), "images"), "123");
    const rows: readonly [string, string][] = [
      [server.url, server.url],
      [server.url.slice("http://".length), server.url],
    ];
    for (const [host, origin] of rows) {
      const emulator = storageAccess(login, { STORAGE_EMULATOR_HOST: host });
      assert.deepEqual([emulator.origin, await emulator.login()], [origin, {}]);
    }
    assert.equal(storageAccess(login, {}).origin, "https://storage.googleapis.com");
  });
});
