import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { fromFileSystem, isLinuxKitError, LinuxKitError } from "../../sdk/core/errors.ts";
import { PROCESS_MARK } from "../../sdk/core/process-mark.ts";
import { partPath, removeDeadParts, stageFile, writeFileWhole } from "../../sdk/core/write-file.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "write-file-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function* failing(after: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(after);
  throw new LinuxKitError("NETWORK", "cut", { url: "http://x" });
}

describe("writeFileWhole", () => {
  test("writes every chunk and creates the folder", async () => {
    await writeFileWhole(join(folder, "a", "b"), [Buffer.from("one"), Buffer.from("two")]);
    assert.equal(await readFile(join(folder, "a", "b"), "utf8"), "onetwo");
    assert.deepEqual(await readdir(join(folder, "a")), ["b"]);
  });

  test("replaces bytes by an overwrite, and appends later chunks at the end", async () => {
    const source = (async function* () {
      yield Buffer.from("????body");
      yield { position: 0, bytes: Buffer.from("head") };
      yield Buffer.from("tail");
    })();
    await writeFileWhole(join(folder, "b"), source);
    assert.equal(await readFile(join(folder, "b"), "utf8"), "headbodytail");
  });

  test("calls onChunk once for each chunk, and not for overwrites", async () => {
    const seen: string[] = [];
    const source = (async function* () {
      yield Buffer.from("????body");
      yield { position: 0, bytes: Buffer.from("head") };
      yield Buffer.from("tail");
    })();
    await writeFileWhole(join(folder, "b"), source, { onChunk: (chunk) => seen.push(Buffer.from(chunk).toString()) });
    assert.deepEqual(seen, ["????body", "tail"]);
  });

  test("leaves holes for long runs of zeroes, at the end too", async () => {
    const content = [Buffer.from("a"), Buffer.alloc(3 << 20), Buffer.from("b"), Buffer.alloc(1 << 20)];
    await writeFileWhole(join(folder, "b"), content);
    assert.deepEqual(await readFile(join(folder, "b")), Buffer.concat(content));
    assert.ok((await stat(join(folder, "b"))).blocks * 512 < 1 << 20);
  });

  test("keeps the former file and leaves nothing beside it when the source fails", async () => {
    await writeFile(join(folder, "b"), "former");
    await assert.rejects(writeFileWhole(join(folder, "b"), failing("new")), { code: "NETWORK" });
    assert.equal(await readFile(join(folder, "b"), "utf8"), "former");
    assert.deepEqual(await readdir(folder), ["b"]);
  });

  test("leaves nothing when it is cancelled between chunks", async () => {
    const abort = new AbortController();
    const source = (function* () {
      yield Buffer.from("one");
      abort.abort();
      yield Buffer.from("two");
    })();
    await assert.rejects(writeFileWhole(join(folder, "b"), source, { signal: abort.signal }), { code: "CANCELLED" });
    assert.deepEqual(await readdir(folder), []);
  });

  test("names the path that cannot be written", async () => {
    await writeFile(join(folder, "file"), "");
    await assert.rejects(writeFileWhole(join(folder, "file", "x"), []), { code: "UNWRITABLE", message: /cannot write .*file\/x/ });
  });

  test("fails with DISK_FULL on a full disk, and leaves nothing behind", async () => {
    // /dev/full answers ENOSPC to every write, as a full disk does
    const source = (async function* () {
      const { open } = await import("node:fs/promises");
      await using full = await open("/dev/full", "w");
      yield Buffer.from("first");
      await full.write(Buffer.from("x"));
    })();
    await assert.rejects(writeFileWhole(join(folder, "b"), source), {
      code: "DISK_FULL",
      message: /free some space, or choose another folder/,
    });
    assert.deepEqual(await readdir(folder), []);
  });
});

test("a folder at the file's path is UNWRITABLE", async () => {
  await assert.rejects(writeFileWhole(folder, []), { code: "UNWRITABLE" });
});

test("a staged file gets its name when it is committed, and is removed when it is discarded", async () => {
  const [kept, dropped] = [await stageFile(join(folder, "kept"), [Buffer.from("k")]), await stageFile(join(folder, "dropped"), [])];
  assert.deepEqual(
    (await readdir(folder)).filter((name) => !name.startsWith(".")),
    [],
  );
  await dropped.discard();
  await kept.commit();
  assert.deepEqual(await readdir(folder), ["kept"]);
});

describe("removeDeadParts", () => {
  const [place, pid, start] = PROCESS_MARK.split("-") as [string, string, string];
  const day = 24 * 60 * 60 * 1000;
  for (const row of [
    { name: "keeps a file that this process writes", mark: PROCESS_MARK, later: 9 * day, stays: true },
    { name: "removes a file that a dead process left", mark: `${place}-999999999-${start}`, later: 0, stays: false },
    { name: "removes a file of an earlier process with a live pid", mark: `${place}-${pid}-${Number(start) + 1}`, later: 0, stays: false },
    { name: "keeps a file of another host", mark: `${place === "00000000" ? "1" : "0"}0000000-1-1`, later: 0, stays: true },
    {
      name: "removes a file of another host after more than a day",
      mark: `${place === "00000000" ? "1" : "0"}0000000-1-1`,
      later: day + 60_000,
      stays: false,
    },
  ]) {
    test(row.name, async () => {
      await writeFile(partPath(join(folder, "x")).replace(PROCESS_MARK, row.mark), "");
      await writeFile(join(folder, ".x.part"), "another program's");
      await removeDeadParts(folder, Date.now() + row.later);
      assert.equal((await readdir(folder)).length, row.stays ? 2 : 1);
    });
  }
  test("accepts a folder that does not exist", () => removeDeadParts(join(folder, "none")));
});

describe("fromFileSystem", () => {
  for (const row of [
    { errno: "ENOSPC", code: "DISK_FULL" },
    { errno: "EDQUOT", code: "DISK_FULL" },
    { errno: "EFBIG", code: "DISK_FULL" },
    { errno: "EROFS", code: "UNWRITABLE" },
    { errno: "EISDIR", code: "UNWRITABLE" },
    { errno: "EACCES", code: "UNWRITABLE" },
  ]) {
    test(`${row.errno} is ${row.code}`, () => {
      const error = fromFileSystem(Object.assign(new Error("x"), { code: row.errno }), "/p");
      assert.ok(isLinuxKitError(error) && error.code === row.code);
    });
  }
  test("any other error is returned unchanged", () => {
    const error = Object.assign(new Error("x"), { code: "EIO" });
    assert.equal(fromFileSystem(error, "/p"), error);
  });
});
