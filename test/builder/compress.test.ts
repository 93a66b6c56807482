import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { compress } from "../../sdk/builder/compress.ts";
import { collect } from "../../sdk/core/bytes.ts";
import type { SegmentCompression } from "../../sdk/plan/plan.ts";

const folder = mkdtempSync(join(tmpdir(), "compress-"));
after(() => rmSync(folder, { recursive: true }));

/** Deterministic bytes that compress somewhat. */
function sample(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0, word = ""; at < size; at += word.length) {
    word = createHash("sha256")
      .update(String(at >> 9))
      .digest("hex")
      .repeat(1 + (at % 3));
    bytes.write(word, at, "latin1");
  }
  return bytes;
}

const pieces = function* (bytes: Buffer, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
};

/** Copies each chunk, because the compressor reuses its memory. */
const kept = async function* (source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) yield Uint8Array.from(chunk);
};

const METHODS: SegmentCompression[] = [
  { algorithm: "zstd", level: 3 },
  { algorithm: "zstd", level: 19 },
  { algorithm: "gzip", level: 6 },
];

for (const method of METHODS) {
  const tool = method.algorithm === "zstd" ? "zstd" : "gzip";
  describe(`${method.algorithm} ${method.level}`, () => {
    for (const size of [0, 1, 131072, 131073, 700_000]) {
      test(`${tool} restores ${size} bytes, and chunk sizes do not change the result`, async () => {
        const bytes = sample(size);
        const whole = await collect(kept(compress([bytes], method)));
        assert.ok(execFileSync(tool, ["-dc"], { input: whole, maxBuffer: 1 << 24 }).equals(bytes));
        for (const cut of [4096, 50_001, 131_072]) {
          assert.ok((await collect(kept(compress(pieces(bytes, cut), method)))).equals(whole));
        }
      });
    }
  });
}

for (const method of METHODS) {
  test(`${method.algorithm} ${method.level} restores noise, which takes many output blocks`, async () => {
    const noise = createHash("shake256", { outputLength: 1_500_000 }).update("noise").digest();
    const whole = await collect(kept(compress([noise], method)));
    assert.ok(execFileSync(method.algorithm, ["-dc"], { input: whole, maxBuffer: 1 << 24 }).equals(noise));
  });
}

test("zstd makes one frame with a checksum and a window that the kernel accepts", async () => {
  for (const level of [3, 19, 22]) {
    const file = join(folder, `${level}.zst`);
    writeFileSync(file, await collect(kept(compress([sample(300_000)], { algorithm: "zstd", level }))));
    const listing = execFileSync("zstd", ["-lv", file], { stdio: ["ignore", "pipe", "ignore"] }).toString();
    assert.match(listing, /# Zstandard Frames: 1\n/);
    assert.match(listing, /Check: XXH64/);
    const window = Number(/Window Size: .*\((\d+) B\)/.exec(listing)?.[1]);
    assert.ok(window > 0 && window <= 2 ** 27, listing);
  }
});

test("a gzip header has no time and an unknown operating system", async () => {
  const header = (await collect(kept(compress([sample(10)], { algorithm: "gzip", level: 6 })))).subarray(0, 10);
  assert.deepEqual([...header.subarray(0, 8), header[9]], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 255]);
});

describe("levels", () => {
  for (const method of [
    { algorithm: "zstd", level: 0 },
    { algorithm: "zstd", level: 23 },
    { algorithm: "gzip", level: 10 },
    { algorithm: "zstd", level: 1.5 },
  ] as const) {
    test(`${method.algorithm} ${method.level} is refused`, () =>
      assert.rejects(collect(kept(compress([], method))), { code: "INVALID_DEFINITION", message: /wanted 1…/ }));
  }
});

test("an error of the source is thrown to the reader", async () => {
  const source = (async function* () {
    yield sample(500_000);
    throw new Error("cut");
  })();
  await assert.rejects(collect(kept(compress(source, { algorithm: "zstd", level: 3 }))), /cut/);
});

test("an aborted signal ends the compression", async () => {
  const abort = new AbortController();
  const source = (function* () {
    for (;;) {
      yield sample(200_000);
      abort.abort();
    }
  })();
  await assert.rejects(collect(kept(compress(source, { algorithm: "zstd", level: 19 }, abort.signal))), { code: "CANCELLED" });
});

test("a reader that leaves early ends the source", async () => {
  let ended = false;
  const source = (function* () {
    try {
      for (;;) yield sample(1 << 20);
    } finally {
      ended = true;
    }
  })();
  // the first chunk of gzip is its header, before which the source is not asked for anything
  let chunks = 0;
  for await (const _ of compress(source, { algorithm: "gzip", level: 1 })) if (++chunks === 2) break;
  assert.ok(ended);
});
