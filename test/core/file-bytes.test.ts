import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { collect, verify } from "../../sdk/core/bytes.ts";
import { fileBytes } from "../../sdk/core/file-bytes.ts";

const content = Buffer.from(Uint8Array.from({ length: 2_500_000 }, (_, index) => index % 251));

describe("the bytes of a file", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "file-bytes-"));
    await writeFile(join(folder, "a"), content);
    await writeFile(join(folder, "empty"), "");
  });
  after(() => rm(folder, { recursive: true }));

  for (const [name, part, want] of [
    ["the whole file", {}, content],
    ["all from an offset", { start: 2_000_000 }, content.subarray(2_000_000)],
    ["a part", { start: 5, length: 1 << 20 }, content.subarray(5, 5 + (1 << 20))],
    ["an empty part", { start: 5, length: 0 }, Buffer.alloc(0)],
    ["a part that goes beyond the end", { start: 2_499_999, length: 10 }, content.subarray(2_499_999)],
  ] as const) {
    test(`are ${name}, on every read`, async () => {
      const bytes = fileBytes(join(folder, "a"), part);
      assert.deepEqual(await collect(bytes), want);
      assert.deepEqual(await collect(bytes), want);
    });
  }

  test("are right in reused memory, with a check in between that holds one chunk back", async () => {
    await writeFile(join(folder, "long"), Buffer.concat([content, content, content]));
    const whole = createHash("sha256").update(content).update(content).update(content).digest("hex");
    const hash = createHash("sha256");
    const memory = new Set<ArrayBufferLike>();
    for await (const chunk of verify(fileBytes(join(folder, "long"), { memory: "reused" }), { digest: `sha256:${whole}` }, "long")) {
      // while this reader waits, the file is read ahead
      await setImmediate();
      hash.update(chunk);
      memory.add(chunk.buffer);
    }
    assert.equal(hash.digest("hex"), whole);
    assert.equal(memory.size, 3);
  });
  test("are empty for an empty file", async () => assert.equal((await collect(fileBytes(join(folder, "empty")))).length, 0));
  test("need not be read to the end", async () => {
    for await (const chunk of fileBytes(join(folder, "a"))) {
      assert.equal(chunk.length, 1 << 20);
      break;
    }
  });
  test("throw NOT_FOUND when the file does not exist", () =>
    assert.rejects(collect(fileBytes(join(folder, "none"))), { code: "NOT_FOUND" }));
});
