import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { present } from "../../sdk/core/present.ts";
import { makeDisk } from "../../sdk/disk/extent.ts";
import { writeVmdk } from "../../sdk/format/vmdk.ts";
import { DISKS } from "../support/disks.ts";
import { copied, judge, scratch, writeSparse } from "../support/judge.ts";

describe("stream-optimised VMDK", () => {
  for (const { name, disk } of DISKS) {
    test(`qemu-img verifies ${name}`, async () => {
      await using folder = await scratch();
      const image = await folder.file("disk.vmdk", writeVmdk(disk, { seed: "sha256:00" }));
      assert.match(judge("qemu-img", "check", "-f", "vmdk", image), /No errors were found/);
      assert.match(judge("qemu-img", "info", "-f", "vmdk", image), /create type: streamOptimized/);
      const raw = await writeSparse(join(folder.path, "disk.raw"), disk);
      assert.match(judge("qemu-img", "compare", "-f", "vmdk", "-F", "raw", image, raw), /Images are identical/);
    });
  }

  test("is the same for the same seed, and differs for another", async () => {
    const bytes = (seed: string) => copied(writeVmdk(present(DISKS[2]).disk, { seed }));
    assert.deepEqual(await bytes("a"), await bytes("a"));
    assert.notDeepEqual(await bytes("a"), await bytes("b"));
  });

  test("refuses a disk that ends inside a grain", () =>
    assert.rejects(copied(writeVmdk(makeDisk(512, []), { seed: "a" })), { code: "INVALID_DEFINITION" }));
  test("refuses a name with a quote or newline", () =>
    assert.rejects(copied(writeVmdk(makeDisk(65536, []), { seed: "a", name: 'a"\nb' })), { code: "INVALID_DEFINITION" }));
});
