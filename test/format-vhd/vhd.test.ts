import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { present } from "../../sdk/core/present.ts";
import { makeDisk } from "../../sdk/disk/extent.ts";
import { writeDynamicVhd, writeFixedVhd } from "../../sdk/format/vhd.ts";
import { DISKS } from "../support/disks.ts";
import { copied, judge, scratch, writeSparse } from "../support/judge.ts";

const KINDS = { fixed: writeFixedVhd, dynamic: writeDynamicVhd };

for (const [kind, write] of Object.entries(KINDS)) {
  describe(`${kind} VHD`, () => {
    // a fixed one is as large as its disk
    for (const { name, disk } of DISKS.filter(({ disk }) => kind === "dynamic" || disk.size < 1e9)) {
      test(`qemu-img reads ${name} unchanged`, async () => {
        await using folder = await scratch();
        const image = await folder.file("disk.vhd", write(disk, "sha256:00"));
        const raw = await writeSparse(join(folder.path, "disk.raw"), disk);
        assert.match(judge("qemu-img", "compare", "-f", "vpc", "-F", "raw", image, raw), /Images are identical/);
        const info = JSON.parse(judge("qemu-img", "info", "--output=json", "-f", "vpc", image)) as { "virtual-size": number };
        assert.equal(info["virtual-size"], disk.size);
        if (kind === "fixed") assert.equal((await stat(image)).size, disk.size + 512);
      });
    }

    test("is the same for the same seed, and differs for another", async () => {
      const bytes = (seed: string) => copied(write(present(DISKS[2]).disk, seed));
      assert.deepEqual(await bytes("a"), await bytes("a"));
      assert.notDeepEqual(await bytes("a"), await bytes("b"));
    });

    test("refuses a disk that is not whole MiB", () =>
      assert.rejects(copied(write(makeDisk(512, []), "a")), { code: "INVALID_DEFINITION" }));
  });
}
