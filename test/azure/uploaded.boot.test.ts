import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeBlockList } from "../../sdk/upload/block-list.ts";
import { PageFixture } from "../support/azure/page-fixture.ts";
import { bootDisk } from "../support/disk-machine.ts";
import { buildDisks, diskOs } from "../support/disk-os.ts";

test("the image a managed disk received boots like a machine of generation 2, to a healthy service", { timeout: 300_000 }, async () => {
  await using pages = await PageFixture.start();
  const built = await buildDisks(diskOs("from a managed disk\n"), { format: "vhd" });
  const image = built.files.find(({ role }) => role === "image");
  assert.ok(image?.blocks);
  const uploaded = { file: image.path, size: image.size, blocks: decodeBlockList(image.blocks) };
  const { name, bytesSent } = await pages.upload(uploaded);
  assert.ok(bytesSent <= uploaded.blocks.length * (512 << 10), `${bytesSent} bytes for ${uploaded.blocks.length} blocks with content`);
  await pages.assertHolds(name, uploaded);
  const [disk] = pages.disks;
  assert.ok(disk);
  // current machine sizes have NVMe disks
  const { answer, console } = await bootDisk({ path: pages.server.disks.fileOf(disk), driver: "vpc", firmware: "efi", as: "nvme" });
  assert.equal(answer, "from a managed disk\n", console);
});
