import assert from "node:assert/strict";
import { lutimes, mkdtemp, readdir, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { withLock } from "../../sdk/cache/lock.ts";
import { PROCESS_MARK } from "../../sdk/core/process-mark.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lock-"));
});
afterEach(() => rm(folder, { recursive: true }));

const [place, , start] = PROCESS_MARK.split("-") as [string, string, string];
const elsewhere = `${place === "00000000" ? "1" : "0"}0000000-1-1`;

test("one caller works at a time, and each gets its turn", async () => {
  let working = 0;
  let turns = 0;
  const work = async () => {
    assert.equal(++working, 1);
    await new Promise(setImmediate);
    working--;
    turns++;
  };
  await Promise.all(Array.from({ length: 5 }, () => withLock(join(folder, "a"), work)));
  assert.equal(turns, 5);
  assert.deepEqual(await readdir(folder), []);
});

test("a lock names its holder, and is released when the work fails", async () => {
  await assert.rejects(
    withLock(join(folder, "sub/a"), async () => {
      assert.equal(await readlink(join(folder, "sub/a")), PROCESS_MARK);
      throw new Error("failed");
    }),
    /failed/,
  );
  assert.deepEqual(await readdir(join(folder, "sub")), []);
});

describe("a lock is taken over from", () => {
  for (const { name, mark, silentMinutes } of [
    { name: "a dead process", mark: `${place}-999999999-${start}`, silentMinutes: 0 },
    { name: "a holder on another host, after ten minutes without a beat", mark: elsewhere, silentMinutes: 10 },
    { name: "a holder without a valid mark, after ten minutes", mark: "nonsense", silentMinutes: 10 },
  ]) {
    test(name, async () => {
      const path = join(folder, "a");
      await symlink(mark, path);
      const then = new Date(Date.now() - silentMinutes * 60_000);
      await lutimes(path, then, then);
      assert.equal(await withLock(path, async () => "worked"), "worked");
      assert.deepEqual(await readdir(folder), []);
    });
  }
});

describe("a caller waits, until its signal aborts, for a lock held by", () => {
  for (const { name, mark } of [
    { name: "a live process", mark: PROCESS_MARK },
    { name: "a process on another host", mark: elsewhere },
  ]) {
    test(name, async () => {
      await symlink(mark, join(folder, "a"));
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 120);
      await assert.rejects(
        withLock(join(folder, "a"), async () => assert.fail("the work must not run"), { signal: abort.signal, what: "a segment" }),
        { code: "CANCELLED", message: /waiting for a segment/ },
      );
      assert.equal(await readlink(join(folder, "a")), mark);
    });
  }
});

test("a lock in a folder that cannot be written is refused", async () => {
  await writeFile(join(folder, "file"), "");
  await assert.rejects(
    withLock(join(folder, "file", "a"), async () => {}),
    { code: "UNWRITABLE" },
  );
});
