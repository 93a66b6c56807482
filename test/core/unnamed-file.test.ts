import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { collect } from "../../sdk/core/bytes.ts";
import { UnnamedFile } from "../../sdk/core/unnamed-file.ts";
import { Random, seed } from "../support/random.ts";

const folder = mkdtempSync(join(tmpdir(), "unnamed-"));
after(() => rmSync(folder, { recursive: true }));

test("contents of any size are read back in any order, and rewound ones are overwritten", async (context) => {
  const from = seed();
  context.diagnostic(`TEST_SEED=${from}`);
  const random = new Random(from);
  await using file = await UnnamedFile.open(join(folder, "x"));
  assert.deepEqual(readdirSync(folder), [], "the open file has no name");
  const kept: { readonly at: number; readonly bytes: Buffer }[] = [];
  for (let round = 0; round < 60; round++) {
    const bytes = Buffer.alloc(random.pick([0, 1, 700, 5000, 300_000, 1_000_000]), round + 1);
    const cut = random.below(bytes.length + 1);
    const at = await file.append([bytes.subarray(0, cut), bytes.subarray(cut)]);
    if (random.chance(0.3)) await file.rewind(at);
    else kept.push({ at, bytes });
    const { at: where, bytes: want } = random.pick(kept.length > 0 ? kept : [{ at: 0, bytes: Buffer.alloc(0) }]);
    assert.ok((await collect(file.read(where, want.length))).equals(want));
  }
  for (const { at, bytes } of kept) {
    let got = 0;
    for await (const chunk of file.read(at, bytes.length, "reused")) {
      assert.ok(Buffer.from(chunk).equals(bytes.subarray(got, got + chunk.length)));
      got += chunk.length;
    }
    assert.equal(got, bytes.length);
  }
});

test("a path where no file can be created is refused", async () => {
  writeFileSync(join(folder, "file"), "");
  await assert.rejects(UnnamedFile.open(join(folder, "file", "x")), { code: "UNWRITABLE" });
  rmSync(join(folder, "file"));
});
