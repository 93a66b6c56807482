import assert from "node:assert/strict";
import { test } from "node:test";
import { collect } from "../../sdk/core/bytes.ts";
import { rechunk } from "../../sdk/core/rechunk.ts";
import { ring } from "../../sdk/core/ring.ts";

test("a ring hands out its buffers in turn, each made once", () => {
  let made = 0;
  const next = ring(2, () => Uint8Array.of(made++));
  assert.deepEqual(
    [next(), next(), next(), next()].map(([number]) => number),
    [0, 1, 0, 1],
  );
  assert.equal(made, 2);
});

test("an infinite ring hands out a new buffer each time", () => {
  let made = 0;
  const next = ring(Number.POSITIVE_INFINITY, () => Uint8Array.of(made++));
  assert.deepEqual(
    [next(), next(), next()].map(([number]) => number),
    [0, 1, 2],
  );
});

test("rechunk uses as many buffers as chunks may be held, and by default one for each chunk", async () => {
  const source = ["ab", "cdefg", "h"].map((part) => Buffer.from(part));
  assert.equal((await collect(rechunk(source, 3))).toString(), "abcdefgh");
  const buffers = new Set<ArrayBufferLike>();
  const seen: string[] = [];
  for await (const chunk of rechunk(source, 2, 2)) {
    buffers.add(chunk.buffer);
    seen.push(Buffer.from(chunk).toString());
  }
  assert.deepEqual(seen, ["ab", "cd", "ef", "gh"]);
  assert.equal(buffers.size, 2);
});
