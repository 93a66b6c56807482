import assert from "node:assert/strict";
import type { FileHandle } from "node:fs/promises";
import { describe, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Flusher } from "../../sdk/core/flusher.ts";

const PART = 64 << 20;

/** A file whose n-th flush fails where `fails[n]` is true. */
function fakeFile(...fails: readonly boolean[]): { readonly file: FileHandle; flushes(): number } {
  let flushes = 0;
  const datasync = async () => {
    await turn();
    if (fails[flushes++]) throw Object.assign(new Error("no room"), { code: "ENOSPC" });
  };
  return { file: { datasync } as unknown as FileHandle, flushes: () => flushes };
}

describe("a file is flushed to disk", () => {
  for (const { name, parts, want } of [
    { name: "once at its end, when it is small", parts: [1000], want: 1 },
    { name: "whenever a part is full and no flush is under way, and at its end", parts: [PART, PART, PART - 1], want: 2 },
  ]) {
    test(name, async () => {
      const { file, flushes } = fakeFile();
      await using flusher = new Flusher(file);
      for (const bytes of parts) flusher.add(bytes);
      await flusher.end();
      assert.equal(flushes(), want);
    });
  }

  test("and a failed flush is thrown by every later call, though the system reports it once", async () => {
    const { file } = fakeFile(true);
    await using flusher = new Flusher(file);
    flusher.add(PART);
    await assert.rejects(flusher.end(), { code: "ENOSPC" });
    assert.throws(() => flusher.add(1), { code: "ENOSPC" });
    await assert.rejects(flusher.end(), { code: "ENOSPC" });
  });
});
