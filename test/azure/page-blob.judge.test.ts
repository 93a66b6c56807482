import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { blobService } from "../../providers/azure/plugin/pages/blob-service.ts";
import type { PageService } from "../../providers/azure/plugin/pages/page-service.ts";
import { openJournal } from "../../sdk/upload/journal.ts";
import { Azurite } from "../support/azure/azurite.ts";
import { PageFixture } from "../support/azure/page-fixture.ts";

describe("an upload to a page blob of Azurite", { timeout: 180_000 }, () => {
  let azurite: Azurite;
  let pages: PageFixture;
  let service: PageService;
  before(async () => {
    [azurite, pages] = await Promise.all([Azurite.start(), PageFixture.start()]);
    await azurite.container("images");
    // a signature in the container's URL replaces the login
    service = blobService(async () => ({}), { container: azurite.address("images", "").replace("/?", "?") });
  });
  after(async () => {
    await azurite[Symbol.asyncDispose]();
    await pages[Symbol.asyncDispose]();
  });
  const now = () => AbortSignal.timeout(10_000);
  const content = async (name: string) =>
    Buffer.from(await (await fetch(azurite.address("images", name), { headers: { "x-ms-version": "2023-11-03" } })).arrayBuffer());

  test("arrives complete with its tags, and can be deleted", async () => {
    const one = await pages.image("one", { 0: "a", 3: "b", 4: "c", 100: "d" });
    const { name, bytesSent } = await pages.upload(one, { tags: { "linuxkit:digest": "sha256:1" } }, service);
    assert.match(name, /^web-[\da-f]{8}\.vhd$/);
    assert.equal(bytesSent, 4 * (512 << 10) + 512);
    assert.ok((await content(name)).equals(await readFile(one.file)));
    assert.deepEqual(await service.find(name, now()), { name, mark: undefined });
    const properties = await fetch(azurite.address("images", name), { method: "HEAD", headers: { "x-ms-version": "2023-11-03" } });
    assert.equal(properties.headers.get("x-ms-meta-linuxkit_digest"), "sha256:1");
    await service.remove(name, now());
    await service.remove(name, now());
    assert.equal(await service.find(name, now()), undefined);
  });

  test("resumes after a kill, and leaves an unfinished one that its journal does not name", async () => {
    const one = await pages.image("one", { 0: "a", 9: "b", 20: "c" });
    let put = 0;
    const journal = await openJournal(pages.journal);
    const dying: PageService = {
      ...service,
      remove: async () => {},
      async open(name, signal) {
        const writer = await service.open(name, signal);
        return { put: (...args) => (put++ < 2 ? writer.put(...args) : Promise.reject(new Error("killed"))) };
      },
    };
    await assert.rejects(pages.upload(one, { journal: { ...journal, remove: journal.close }, inFlight: 1 }, dying), { message: "killed" });
    const { name } = JSON.parse((await readFile(pages.journal, "utf8")).split("\n")[0] ?? "") as { name: string };
    await service.begin({ name: "left.vhd", size: 1024, mark: "of another upload", tags: {} }, now());
    const again = await pages.upload(one, {}, service);
    assert.equal(again.name, name);
    assert.ok((await content(again.name)).equals(await readFile(one.file)));
    // it may be another host's, which still writes it
    assert.deepEqual(await service.find("left.vhd", now()), { name: "left.vhd", mark: "of another upload" });
    await service.remove("left.vhd", now());
  });
});
