import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBlockList } from "../../sdk/upload/block-list.ts";
import { PageFixture } from "../support/azure/page-fixture.ts";
import { bootDisk } from "../support/disk-machine.ts";
import { buildDisks, diskOs } from "../support/disk-os.ts";

test("what arrived in a managed disk boots as a machine of generation 2 does, to a healthy service", { timeout: 300_000 }, async () => {
  await using shop = await PageFixture.start();
  const built = await buildDisks(diskOs("from a managed disk\n"), { format: "vhd" });
  const image = built.files.find(({ role }) => role === "image");
  assert.ok(image?.blocks);
  const uploaded = { file: image.path, size: image.size, blocks: decodeBlockList(image.blocks) };
  const { name, bytesSent } = await shop.upload(uploaded);
  assert.ok(
    bytesSent <= uploaded.blocks.length * (512 << 10),
    `${bytesSent} bytes, and the blocks that hold something are ${uploaded.blocks.length}`,
  );
  await shop.assertHolds(name, uploaded);
  const [disk] = shop.disks;
  assert.ok(disk);
  // the sizes of today's machines have NVMe disks
  const { answer, console } = await bootDisk({ path: shop.server.disks.fileOf(disk), driver: "vpc", firmware: "efi", as: "nvme" });
  assert.equal(answer, "from a managed disk\n", console);
});
