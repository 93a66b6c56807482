import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { bytesAt, makeDisk } from "../../sdk/disk/extent.ts";
import { writeGcp } from "../../sdk/format/gcp.ts";
import { gzip } from "../../sdk/format/gzip.ts";
import { noise } from "../support/disks.ts";
import { copied, judge, scratch, writeSparse } from "../support/judge.ts";

const GIB = 2 ** 30;
const scattered = (count: number, size: number) =>
  makeDisk(
    size,
    Array.from({ length: count }, (_, index) => bytesAt(Math.floor((index * size) / count) + 5, noise(1000, `${index}`))),
  );

describe("the archive for Compute Engine", () => {
  for (const row of [
    { name: "an empty disk", disk: makeDisk(GIB, []) },
    { name: "three runs", disk: scattered(3, GIB) },
    { name: "four runs, which fill the header", disk: makeDisk(GIB, [...scattered(3, GIB).extents, bytesAt(GIB - 9, noise(9))]) },
    { name: "60 runs, which take three more records", disk: scattered(60, 2 * GIB) },
    { name: "a disk beyond the octal digits", disk: scattered(2, 9 * GIB) },
  ]) {
    test(`GNU tar restores ${row.name}`, async () => {
      await using folder = await scratch();
      const archive = await folder.file("disk.tar.gz", writeGcp(row.disk));
      judge("gzip", "-t", archive);
      assert.match(judge("tar", "-tvzf", archive), new RegExp(`^-rw-r--r-- 0/0 +${row.disk.size} 1970-01-01 00:00 disk\\.raw\n$`));
      judge("tar", "-xzf", archive, "-C", folder.path);
      const raw = await writeSparse(join(folder.path, "want.raw"), row.disk);
      assert.match(judge("qemu-img", "compare", "-f", "raw", "-F", "raw", join(folder.path, "disk.raw"), raw), /Images are identical/);
      assert.equal((await stat(join(folder.path, "disk.raw"))).size, row.disk.size);
    });
  }

  test("is about as large as its compressed content", async () =>
    assert.ok((await copied(writeGcp(scattered(3, 8 * GIB)))).length < 20_000));

  for (const size of [0, GIB - 512])
    test(`refuses a disk of ${size} bytes`, () => assert.rejects(copied(writeGcp(makeDisk(size, []))), { code: "INVALID_DEFINITION" }));
});

describe("gzip", () => {
  for (const chunks of [
    [],
    [Buffer.from("a")],
    [noise(3_000_000)],
    [noise(1 << 20, "x")],
    [Buffer.alloc(100_000), noise(1_500_000, "y"), Buffer.from("end")],
  ]) {
    test(`of ${chunks.reduce((sum, { length }) => sum + length, 0)} bytes is inflated whole, for any chunks of the source`, async () => {
      const packed = await copied(gzip(chunks));
      const whole = Buffer.concat(chunks);
      assert.deepEqual(gunzipSync(packed), whole);
      assert.deepEqual(await copied(gzip([whole])), packed);
    });
  }
});
