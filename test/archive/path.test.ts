import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodePath, encodePath, memberPath } from "../../sdk/archive/path.ts";

describe("a name's bytes survive decoding and encoding", () => {
  for (const row of [
    { name: "ASCII", bytes: [0x61, 0x2f, 0x62], text: "a/b" },
    { name: "UTF-8", bytes: [0xc3, 0xbc], text: "ü" },
    { name: "four-byte UTF-8", bytes: [0xf0, 0x9f, 0x90, 0xa7], text: "🐧" },
    { name: "a byte order mark", bytes: [0xef, 0xbb, 0xbf, 0x61], text: "\ufeffa" },
    { name: "Latin-1", bytes: [0x66, 0xfc, 0x72], text: "f\udcfcr" },
    { name: "UTF-8 beside a stray byte", bytes: [0xc3, 0xbc, 0xff, 0x61], text: "ü\udcffa" },
    { name: "an incomplete UTF-8 sequence", bytes: [0xe2, 0x82], text: "\udce2\udc82" },
    { name: "an encoded surrogate", bytes: [0xed, 0xb2, 0x80], text: "\udced\udcb2\udc80" },
    { name: "an empty name", bytes: [], text: "" },
  ]) {
    test(row.name, () => {
      const bytes = Uint8Array.from(row.bytes);
      assert.equal(decodePath(bytes), row.text);
      assert.deepEqual(Uint8Array.from(encodePath(row.text)), bytes);
    });
  }
});

test("a .. that is clamped leads to the parent, and from the root to the root", () => {
  const rows: [string, string][] = [
    ["a/b", "a/b"],
    ["/a//./b/", "a/b"],
    ["a/../b", "b"],
    ["../a", "a"],
    ["a/../../../b", "b"],
    ["a/b/../../c/.", "c"],
    ["..", ""],
    ["a/..", ""],
    ["...", "..."],
    ["a/..b/.. /c", "a/..b/.. /c"],
  ];
  for (const [name, path] of rows) assert.equal(memberPath(name, "clamped"), path, name);
  for (const name of ["../a", "a/../b", ".."]) assert.throws(() => memberPath(name), { code: "HOSTILE_ARCHIVE" });
});
