import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { after, before, beforeEach, describe, test } from "node:test";
import type { PageService } from "../../providers/azure/plugin/pages/page-service.ts";
import { openJournal } from "../../sdk/upload/journal.ts";
import type { AzureServer } from "../support/azure/azure-server.ts";
import { PageFixture, type TestVhd } from "../support/azure/page-fixture.ts";

const FIRST_40 = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [index, `${index}`]));

describe("an upload to a managed disk", { timeout: 300_000 }, () => {
  let pages: PageFixture;
  let server: AzureServer;
  before(async () => {
    pages = await PageFixture.start();
    ({ server } = pages);
  });
  beforeEach(() => pages.reset());
  after(() => pages[Symbol.asyncDispose]());

  test("sends only blocks with content, up to 4 MiB at a time, and leaves a usable disk", async () => {
    const one = await pages.image("one", { 0: "a", 3: "b", 4: "c", 5: "d", 15: "e", 16: "f" });
    const { name, bytesSent } = await pages.upload(one);
    // 0, 3 to 5, 15, 16 (the next 4 MiB), and the footer
    assert.deepEqual([server.pagesPut, bytesSent, pages.states], [5, 6 * (512 << 10) + 512, ["Unattached"]]);
    await pages.assertHolds(name, one);
    assert.deepEqual(pages.disks[0]?.body.tags, { name: "n" });
    assert.match(name, /^web-[\da-f]{8}$/);
    assert.match(pages.lines.at(-1)?.message ?? "", /^web-\w+ is complete: 3\.1 MB in \d+ s \(/);
    await assert.rejects(readFile(pages.journal), { code: "ENOENT" });
  });

  test("arrives complete despite throttling, 5xx, cut connections and lost answers", async () => {
    const one = await pages.image("one", Object.fromEntries(Array.from({ length: 40 }, (_, index) => [index * 2, `${index}`])));
    server.fault = (_, count) => {
      if (count % 20 === 1) return { status: 429, code: "TooManyRequests", retryAfterSeconds: 0 };
      if (count % 25 === 2) return { status: 503, code: "ServerBusy" };
      if (count % 33 === 3) return { cut: true };
      return count % 33 === 17 ? { cut: true, done: true } : undefined;
    };
    const { name } = await pages.upload(one);
    await pages.assertHolds(name, one);
    assert.equal(pages.disks.length, 1);
    assert.ok(server.requests.length < 41 * 1.4 + 30, `${server.requests.length} requests`);
  });

  test("leaves no disk when it fails or is cancelled", async () => {
    const one = await pages.image("one", FIRST_40);
    let put = 0;
    server.fault = (action) => (action === "Put Page" && put++ > 1 ? { status: 403, code: "AuthenticationFailed" } : undefined);
    await assert.rejects(pages.upload(one), {
      code: "ACCESS_DENIED",
      message: /^azure disk web-\w+, pages at \d+: .*AuthenticationFailed: fault of the test/,
    });
    assert.deepEqual(pages.names, []);

    const cancel = new AbortController();
    put = 0;
    server.fault = (action) => {
      if (action === "Put Page" && put++ > 1) cancel.abort(new Error("cancelled by the test"));
      return undefined;
    };
    await assert.rejects(pages.upload(one, { signal: cancel.signal }), { message: "cancelled by the test" });
    assert.deepEqual(pages.names, []);
    await assert.rejects(readFile(pages.journal), { code: "ENOENT" });
  });

  test("refuses a file that differs from what was built", async () => {
    const one = await pages.image("one", { 1: "a" });
    await pages.image("one", { 1: "b" });
    await assert.rejects(pages.upload(one), { code: "DIGEST_MISMATCH", message: /block 1 is not what the build wrote/ });
    assert.deepEqual(pages.names, []);
  });

  test("names a missing resource group", async () => {
    server.arm.groups.clear();
    const one = await pages.image("one", { 1: "a" });
    await assert.rejects(pages.upload(one), {
      code: "NOT_FOUND",
      message: /ResourceGroupNotFound: Resource group 'rg' could not be found/,
    });
    server.arm.groups.set("rg", "westeurope");
  });

  describe("after a kill", () => {
    /** Creates a disk and sends its first `count` runs of pages, then fails without any cleanup, as a killed process does. */
    async function killed(one: TestVhd, count: number): Promise<string> {
      let put = 0;
      const journal = await openJournal(pages.journal);
      const dying: PageService = {
        ...pages.service,
        remove: async () => {},
        async open(name, signal) {
          const writer = await pages.service.open(name, signal);
          return { put: (...args) => (put++ < count ? writer.put(...args) : Promise.reject(new Error("killed"))) };
        },
      };
      await assert.rejects(pages.upload(one, { journal: { ...journal, remove: journal.close }, inFlight: 1 }, dying), {
        message: "killed",
      });
      return pages.names[0] as string;
    }

    test("resumes the same disk with a new grant", async () => {
      const one = await pages.image("one", FIRST_40);
      const name = await killed(one, 3);
      assert.deepEqual(pages.states, ["ActiveUpload"]);
      const again = await pages.upload(one);
      // five runs of 4 MiB and the footer, each once
      assert.deepEqual([again.name, again.bytesSent, server.pagesPut], [name, 2 * (4 << 20) + 512, 6]);
      assert.ok(
        pages.lines.some(({ message }) => message === "resuming: 12.6 MB already sent, 8.4 MB left"),
        JSON.stringify(pages.lines),
      );
      await pages.assertHolds(name, one);
    });
    test("starts over, and leaves the old disk, if the journal is lost: it may be another host's", async () => {
      const one = await pages.image("one", FIRST_40);
      const name = await killed(one, 3);
      await rm(pages.journal);
      const again = await pages.upload(one);
      assert.notEqual(again.name, name);
      assert.deepEqual(pages.names.sort(), [again.name, name].sort());
    });
    test("starts over if a disk of that name has not its mark", async () => {
      const one = await pages.image("one", FIRST_40);
      const name = await killed(one, 3);
      // without the mark it looks complete, and with another it is another upload's
      for (const tags of [{}, { "linuxkit:upload": "of another upload" }]) {
        await pages.service.tag(name, tags, AbortSignal.timeout(10_000));
        const again = await pages.upload(one);
        assert.notEqual(again.name, name);
        await pages.assertHolds(again.name, one);
        assert.ok(pages.names.includes(name));
      }
    });
    test("starts over if its access was revoked", async () => {
      const one = await pages.image("one", FIRST_40);
      const name = await killed(one, 3);
      await pages.endAccess(name);
      const again = await pages.upload(one);
      assert.notEqual(again.name, name);
      assert.deepEqual(pages.names, [again.name]);
      await pages.assertHolds(again.name, one);
    });
    test("reuses a disk that was already complete", async () => {
      const one = await pages.image("one", { 4: "a" });
      const journal = await openJournal(pages.journal);
      const { name } = await pages.upload(one, { journal: { ...journal, remove: journal.close } });
      server.requests.length = 0;
      assert.deepEqual(await pages.upload(one), { name, bytesSent: 0 });
      assert.equal(server.pagesPut, 0);
    });
    test("leaves a completed disk of the same image alone, because a stack may use it", async () => {
      const one = await pages.image("one", { 4: "a" });
      const { name } = await pages.upload(one);
      assert.notEqual((await pages.upload(one)).name, name);
      assert.equal(pages.names.length, 2);
    });
  });
});
