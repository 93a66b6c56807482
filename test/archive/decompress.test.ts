import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { type Compression, decompressAs } from "../../sdk/archive/decompress.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";

const PACK = { gzip: gzipSync, zstd: zstdCompressSync };

for (const [compression, pack] of Object.entries(PACK) as [Compression, (text: string) => Buffer][]) {
  describe(compression, () => {
    const members = Buffer.concat([pack("first, "), pack(""), pack("second")]);
    test("decompresses every member of a stream, in chunks of any size", async () => {
      for (const at of [0, 1, 10, members.length - 1]) {
        const text = await collect(decompressAs(compression, [members.subarray(0, at), members.subarray(at)], "x"));
        assert.equal(text.toString(), "first, second");
      }
    });
    test("refuses a stream that is cut short, empty or not compressed", async () => {
      for (const broken of [members.subarray(0, -1), Buffer.alloc(0), Buffer.from("neither")]) {
        await assert.rejects(
          collect(decompressAs(compression, [broken], "a layer")),
          (error) => isLinuxKitError(error, "CORRUPT") && error.message.startsWith("a layer: "),
        );
      }
    });
  });
}
