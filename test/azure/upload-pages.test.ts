import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { after, before, beforeEach, describe, test } from "node:test";
import type { PageService } from "../../providers/azure/plugin/pages/page-service.ts";
import { openJournal } from "../../sdk/upload/journal.ts";
import type { AzureServer } from "../support/azure/azure-server.ts";
import { PageFixture, type TestVhd } from "../support/azure/page-fixture.ts";

const FIRST_40 = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [index, `${index}`]));

describe("an upload to a managed disk", { timeout: 300_000 }, () => {
  let shop: PageFixture;
  let server: AzureServer;
  before(async () => {
    shop = await PageFixture.start();
    ({ server } = shop);
  });
  beforeEach(() => shop.reset());
  after(() => shop[Symbol.asyncDispose]());

  test("sends what holds something, up to 4 MiB at a time, and leaves a disk that can be used", async () => {
    const one = await shop.image("one", { 0: "a", 3: "b", 4: "c", 5: "d", 15: "e", 16: "f" });
    const { name, bytesSent } = await shop.upload(one);
    // 0, 3 to 5, 15, 16 (the next 4 MiB), and the footer
    assert.deepEqual([server.pagesPut, bytesSent, shop.states], [5, 6 * (512 << 10) + 512, ["Unattached"]]);
    await shop.assertHolds(name, one);
    assert.deepEqual(shop.disks[0]?.body.tags, { name: "n" });
    assert.match(name, /^web-[\da-f]{8}$/);
    assert.match(shop.lines.at(-1)?.message ?? "", /^web-\w+ is complete: 3\.1 MB in \d+ s \(/);
    await assert.rejects(readFile(shop.journal), { code: "ENOENT" });
  });

  test("arrives whole in spite of throttling, 5xx, cut connections and lost answers", async () => {
    const one = await shop.image("one", Object.fromEntries(Array.from({ length: 40 }, (_, index) => [index * 2, `${index}`])));
    server.fault = (_, count) => {
      if (count % 20 === 1) return { status: 429, code: "TooManyRequests", retryAfterSeconds: 0 };
      if (count % 25 === 2) return { status: 503, code: "ServerBusy" };
      if (count % 33 === 3) return { cut: true };
      return count % 33 === 17 ? { cut: true, done: true } : undefined;
    };
    const { name } = await shop.upload(one);
    await shop.assertHolds(name, one);
    assert.equal(shop.disks.length, 1);
    assert.ok(server.requests.length < 41 * 1.4 + 30, `${server.requests.length} requests`);
  });

  test("leaves no disk when it fails or is cancelled", async () => {
    const one = await shop.image("one", FIRST_40);
    let put = 0;
    server.fault = (action) => (action === "Put Page" && put++ > 1 ? { status: 403, code: "AuthenticationFailed" } : undefined);
    await assert.rejects(shop.upload(one), {
      code: "ACCESS_DENIED",
      message: /^azure disk web-\w+, pages at \d+: .*AuthenticationFailed: as the test wants/,
    });
    assert.deepEqual(shop.names, []);

    const cancel = new AbortController();
    put = 0;
    server.fault = (action) => {
      if (action === "Put Page" && put++ > 1) cancel.abort(new Error("cancelled by the test"));
      return undefined;
    };
    await assert.rejects(shop.upload(one, { signal: cancel.signal }), { message: "cancelled by the test" });
    assert.deepEqual(shop.names, []);
    await assert.rejects(readFile(shop.journal), { code: "ENOENT" });
  });

  test("refuses a file that is not what was built", async () => {
    const one = await shop.image("one", { 1: "a" });
    await shop.image("one", { 1: "b" });
    await assert.rejects(shop.upload(one), { code: "DIGEST_MISMATCH", message: /block 1 is not what the build wrote/ });
    assert.deepEqual(shop.names, []);
  });

  test("says which resource group there is not", async () => {
    server.arm.groups.clear();
    const one = await shop.image("one", { 1: "a" });
    await assert.rejects(shop.upload(one), { code: "NOT_FOUND", message: /ResourceGroupNotFound: Resource group 'rg' could not be found/ });
    server.arm.groups.set("rg", "westeurope");
  });

  describe("that was killed", () => {
    /** Begins a disk and writes its first runs; what one that is killed cannot do any more is not done. */
    async function killed(one: TestVhd, count: number): Promise<string> {
      let put = 0;
      const journal = await openJournal(shop.journal);
      const dying: PageService = {
        ...shop.service,
        remove: async () => {},
        async open(name, signal) {
          const writer = await shop.service.open(name, signal);
          return { put: (...args) => (put++ < count ? writer.put(...args) : Promise.reject(new Error("killed"))) };
        },
      };
      await assert.rejects(shop.upload(one, { journal: { ...journal, remove: journal.close }, inFlight: 1 }, dying), { message: "killed" });
      return shop.names[0] as string;
    }

    test("goes on with the same disk, by access asked for anew", async () => {
      const one = await shop.image("one", FIRST_40);
      const name = await killed(one, 3);
      assert.deepEqual(shop.states, ["ActiveUpload"]);
      const again = await shop.upload(one);
      // five runs of 4 MiB and the footer, each once
      assert.deepEqual([again.name, again.bytesSent, server.pagesPut], [name, 2 * (4 << 20) + 512, 6]);
      assert.ok(
        shop.lines.some(({ message }) => message === "goes on: 8.4 MB to send, 12.6 MB are there"),
        JSON.stringify(shop.lines),
      );
      await shop.assertHolds(name, one);
    });
    test("is cleared away where nobody knows how far it came", async () => {
      const one = await shop.image("one", FIRST_40);
      const name = await killed(one, 3);
      await rm(shop.journal);
      const again = await shop.upload(one);
      assert.notEqual(again.name, name);
      assert.deepEqual(shop.names, [again.name]);
    });
    test("begins anew where its access was taken back", async () => {
      const one = await shop.image("one", FIRST_40);
      const name = await killed(one, 3);
      await shop.endAccess(name);
      const again = await shop.upload(one);
      assert.notEqual(again.name, name);
      assert.deepEqual(shop.names, [again.name]);
      await shop.assertHolds(again.name, one);
    });
    test("after all was there: it is taken as it is", async () => {
      const one = await shop.image("one", { 4: "a" });
      const journal = await openJournal(shop.journal);
      const { name } = await shop.upload(one, { journal: { ...journal, remove: journal.close } });
      server.requests.length = 0;
      assert.deepEqual(await shop.upload(one), { name, bytesSent: 0 });
      assert.equal(server.pagesPut, 0);
    });
    test("by another process that came to its end while we waited for it: what it made is taken", async () => {
      const one = await shop.image("one", { 4: "a" });
      const { name } = await shop.upload(one);
      server.requests.length = 0;
      assert.deepEqual(await shop.upload(one, { awaited: name }), { name, bytesSent: 0 });
      assert.deepEqual([shop.names, server.pagesPut], [[name], 0]);
    });
    test("by another process that cleared it away while we waited: it is sent", async () => {
      const one = await shop.image("one", { 4: "a" });
      const { name } = await shop.upload(one, { awaited: "web-00000000" });
      await shop.assertHolds(name, one);
    });
    test("another of the same bytes that is complete is left alone: a stack may use it", async () => {
      const one = await shop.image("one", { 4: "a" });
      const { name } = await shop.upload(one);
      assert.notEqual((await shop.upload(one)).name, name);
      assert.equal(shop.names.length, 2);
    });
  });
});
