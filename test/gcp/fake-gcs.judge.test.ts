import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { storageAccess, storageClient } from "../../providers/gcp/plugin/storage/bucket-client.ts";
import { describeObject, removeObject } from "../../providers/gcp/plugin/storage/object.ts";
import { uploadObject } from "../../providers/gcp/plugin/storage/upload-object.ts";
import { digestOf } from "../../sdk/core/digest.ts";
import { openJournal } from "../../sdk/upload/journal.ts";
import { noise } from "../support/disks.ts";
import { fakeGcs } from "../support/gcp/fake-gcs.ts";
import { scratch } from "../support/judge.ts";

test("fake-gcs-server receives an upload with the right checksum and returns the same bytes", {
  timeout: 900_000,
}, async () => {
  await using folder = await scratch();
  await using server = await fakeGcs();
  const made = await fetch(`${server.url}/storage/v1/b?project=p`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"name":"images"}',
  });
  assert.equal(made.status, 200, await made.text());
  const bytes = noise((20 << 20) + 123);
  const file = await folder.file("image", [bytes]);
  const access = storageAccess(async () => ({}), { STORAGE_EMULATOR_HOST: server.url });
  const upload = async () =>
    uploadObject(access, {
      file,
      size: (await stat(file)).size,
      digest: digestOf(bytes),
      bucket: "images",
      object: "os/one.tar.gz",
      journal: await openJournal(join(folder.path, "journal")),
      signal: AbortSignal.timeout(60_000),
      onProgress: () => {},
    });
  const object = await upload();
  assert.equal(object.size, `${bytes.length}`);
  const back = await fetch(`${server.url}/storage/v1/b/images/o/${encodeURIComponent("os/one.tar.gz")}?alt=media`);
  assert.ok(Buffer.from(await back.arrayBuffer()).equals(bytes));
  // a second upload of the same bytes is a copy on the server
  const again = await upload();
  assert.equal(again.crc32c, object.crc32c);
  const client = storageClient(access, AbortSignal.timeout(5000));
  assert.ok(await describeObject(client, "images", "os/one.tar.gz"));
  await removeObject(client, again);
  assert.equal(await describeObject(client, "images", "os/one.tar.gz"), undefined);
});
