import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { present } from "../../sdk/core/present.ts";
import { writeFileWhole } from "../../sdk/core/write-file.ts";
import { writeQcow2 } from "../../sdk/format/qcow2.ts";
import { DISKS } from "../support/disks.ts";
import { judge, scratch, writeSparse } from "../support/judge.ts";

describe("qcow2", () => {
  for (const { name, disk } of DISKS) {
    for (const compress of [true, false]) {
      test(`qemu-img verifies ${name}, ${compress ? "compressed" : "uncompressed"}`, async () => {
        await using folder = await scratch();
        const image = join(folder.path, "disk.qcow2");
        await writeFileWhole(image, writeQcow2(disk, { compress }));
        assert.match(judge("qemu-img", "check", "-f", "qcow2", image), /No errors were found/);
        assert.match(judge("qemu-img", "info", image), /compat: 1\.1/);
        const raw = await writeSparse(join(folder.path, "disk.raw"), disk);
        assert.match(judge("qemu-img", "compare", "-f", "qcow2", "-F", "raw", image, raw), /Images are identical/);
      });
    }
  }

  test("is about as large as its compressed content, and the same each time", async () => {
    await using folder = await scratch();
    const hashes = [];
    for (const name of ["one", "two"]) {
      const image = join(folder.path, name);
      await writeFileWhole(image, writeQcow2(present(DISKS[2]).disk));
      assert.ok((await stat(image)).size < 500_000);
      hashes.push(
        createHash("sha256")
          .update(await readFile(image))
          .digest("hex"),
      );
    }
    assert.equal(hashes[0], hashes[1]);
  });
});
