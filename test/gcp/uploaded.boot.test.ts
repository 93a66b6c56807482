import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { uploadObject } from "../../providers/gcp/plugin/storage/upload-object.ts";
import { openJournal } from "../../sdk/upload/journal.ts";
import { bootDisk } from "../support/disk-machine.ts";
import { buildDisks, diskOs } from "../support/disk-os.ts";
import { StorageServer } from "../support/gcp/storage-server.ts";
import { judge, scratch } from "../support/judge.ts";

test("the archive Cloud Storage received, unpacked by GNU tar, boots from a virtio-scsi disk under UEFI", {
  timeout: 300_000,
}, async () => {
  await using folder = await scratch();
  await using server = await StorageServer.start();
  server.storage.buckets.set("images", "1");
  const built = await buildDisks(diskOs("from the cloud"), { format: "gcp" });
  const image = built.files.find(({ role }) => role === "image");
  assert.ok(image);
  const journal = await openJournal(join(folder.path, "journal"));
  await uploadObject(
    { origin: server.url, login: async () => ({}) },
    {
      file: image.path,
      size: image.size,
      digest: `sha256:${image.sha256}`,
      bucket: "images",
      object: "os.tar.gz",
      journal,
      signal: AbortSignal.timeout(120_000),
      onProgress: () => {},
    },
  );
  const back = await fetch(`${server.url}/images/os.tar.gz`);
  await writeFile(join(folder.path, "os.tar.gz"), Buffer.from(await back.arrayBuffer()));
  judge("tar", "-xzf", join(folder.path, "os.tar.gz"), "-C", folder.path);
  const { answer, console } = await bootDisk({ path: join(folder.path, "disk.raw"), driver: "raw", firmware: "efi", as: "scsi" });
  assert.equal(answer, "from the cloud", console);
});
