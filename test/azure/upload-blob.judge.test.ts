import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { azureLogin } from "../../providers/azure/plugin/access/login.ts";
import { resourceManager } from "../../providers/azure/plugin/access/resource-manager.ts";
import { blobContainer } from "../../providers/azure/plugin/pages/blob-container.ts";
import { blobService, storageLogin } from "../../providers/azure/plugin/pages/blob-service.ts";
import { uploadPages } from "../../providers/azure/plugin/pages/upload-pages.ts";
import { openJournal } from "../../sdk/upload/journal.ts";
import { AzureFixture } from "../support/azure/azure-fixture.ts";
import { Azurite } from "../support/azure/azurite.ts";
import { type Certificate, makeCertificate, trust } from "../support/azure/certificate.ts";
import { PageFixture } from "../support/azure/page-fixture.ts";

describe("an upload to a storage account", { timeout: 300_000 }, () => {
  let certificate: Certificate;
  let azure: AzureFixture;
  let azurite: Azurite;
  let pages: PageFixture;
  before(async () => {
    certificate = await makeCertificate();
    trust(certificate);
    [azure, azurite, pages] = await Promise.all([AzureFixture.start({ certificate }), Azurite.start(certificate), PageFixture.start()]);
    Object.assign(process.env, azure.server.environment);
    azure.server.storage.endpoints.set("images", azurite.url);
    await azure.make("Microsoft.Storage/storageAccounts/images", {}, { kind: "StorageV2", sku: { name: "Standard_LRS" } });
    await azurite.container("disks");
  });
  after(async () => {
    await Promise.all([azure, azurite, pages].map((each) => each[Symbol.asyncDispose]()));
    await certificate[Symbol.asyncDispose]();
  });

  test("arrives complete as a page blob with a storage token, and can be read and deleted", async () => {
    const signal = AbortSignal.timeout(120_000);
    const login = await azureLogin({}, signal);
    const accountId = azure.client.id("Microsoft.Storage/storageAccounts/images");
    const service = blobService(storageLogin(login), {
      container: await blobContainer(resourceManager(login), { accountId, container: "disks" }, signal),
    });
    const image = await pages.image("one", { 0: "a", 3: "b", 15: "c" });
    const { name } = await uploadPages(service, {
      ...image,
      prefix: "web",
      tags: { "linuxkit:digest": "d" },
      journal: await openJournal(pages.journal),
      signal,
      onProgress: () => {},
    });
    const response = await fetch(azurite.address("disks", name), { headers: { "x-ms-version": "2023-11-03" } });
    assert.deepEqual([response.headers.get("x-ms-blob-type"), response.headers.get("x-ms-meta-linuxkit_digest")], ["PageBlob", "d"]);
    assert.ok(Buffer.from(await response.arrayBuffer()).equals(await readFile(image.file)));
    assert.deepEqual(await service.find(name, signal), { name, mark: undefined });
    await service.remove(name, signal);
    assert.equal(await service.find(name, signal), undefined);
  });
});
