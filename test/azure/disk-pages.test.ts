import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { bytesAt, makeDisk } from "../../sdk/disk/extent.ts";
import { writeFixedVhd } from "../../sdk/format/vhd.ts";
import { ArmClient } from "../support/azure/arm-client.ts";
import { AzureServer } from "../support/azure/azure-server.ts";
import { BLOB_BYTES, FIRST, PAGE, PAGE_PUTS, type PagePut } from "../support/azure/page-puts.ts";
import { putPage } from "../support/azure/put-page.ts";
import type { AzureRefusal } from "../support/azure/refusal.ts";
import { copied, judge, scratch } from "../support/judge.ts";

const MIB = 1 << 20;
const RAW = BLOB_BYTES - 512;
const DISKS = "Microsoft.Compute/disks";

describe("the page blob behind a managed disk of the stand-in", { timeout: 60_000 }, () => {
  let server: AzureServer;
  let client: ArmClient;
  let url: string;
  before(async () => {
    server = await AzureServer.start();
    server.arm.groups.set("rg", "westeurope");
    client = new ArmClient(server, "rg");
    await make("d");
    url = await grant("d");
  });
  after(() => server[Symbol.asyncDispose]());

  const make = (name: string) =>
    client.settled("PUT", `${DISKS}/${name}`, {
      location: "westeurope",
      properties: { osType: "Linux", hyperVGeneration: "V2", creationData: { createOption: "Upload", uploadSizeBytes: RAW + 512 } },
    });
  const grant = async (name: string, access = "Write", durationInSeconds = 600) => {
    const { body } = await client.settled("POST", `${DISKS}/${name}/beginGetAccess`, { access, durationInSeconds });
    return (body.properties as unknown as { output: { accessSAS: string } }).output.accessSAS;
  };
  const stateOf = async (name: string) =>
    ((await client.ask("GET", `${DISKS}/${name}`)).body.properties as { diskState: string }).diskState;
  const found = (name: string) => {
    const disk = server.arm.find(client.id(`${DISKS}/${name}`), DISKS);
    assert.ok(disk);
    return disk;
  };
  const SIGNATURES: readonly (PagePut & { readonly url: (url: string) => string })[] = [
    { what: "a wrong signature", url: (url) => url.replace(/sig=../, "sig=zz"), answer: "403 AuthenticationFailed" },
    { what: "a signature of another blob", url: (url) => url.replace("/abcd", "/abce"), answer: "403 AuthenticationFailed" },
  ];
  for (const { what, range = FIRST, body = PAGE, headers, url: change = (url: string) => url, answer } of [
    ...PAGE_PUTS,
    ...SIGNATURES,
  ] as (PagePut & { readonly url?: (url: string) => string })[]) {
    test(`${answer === "201" ? "accepts" : "refuses"} ${what}`, async () =>
      assert.equal(await putPage(change(url), range, body, headers), answer));
  }

  test("does not create blobs, and reports its size", async () => {
    assert.equal(
      await putPage(url, FIRST, Buffer.alloc(0), { "x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "512" }, "PUT", ""),
      "403 FeatureNotSupported",
    );
    const response = await fetch(url, { method: "HEAD", headers: { "x-ms-version": "2023-11-03" } });
    assert.deepEqual(
      [response.status, response.headers.get("content-length"), response.headers.get("x-ms-blob-type")],
      [200, String(RAW + 512), "PageBlob"],
    );
  });

  test("a signature expires, and access can be granted again", async () => {
    await make("short");
    const short = await grant("short", "Write", 1);
    assert.equal(await grant("short", "Write", 600), short, "an active signature is returned again");
    assert.equal(await putPage(short, FIRST, PAGE), "201");
    await new Promise((resolve) => setTimeout(resolve, 1100));
    assert.equal(await putPage(short, FIRST, PAGE), "403 AuthenticationFailed");
    assert.equal(await stateOf("short"), "ActiveUpload");
    assert.equal(await putPage(await grant("short"), FIRST, PAGE), "201");
  });

  test("a whole upload, from the creation of the disk to its use", async () => {
    await make("whole");
    const disk = found("whole");
    assert.equal(await stateOf("whole"), "ReadyToUpload");
    const to = await grant("whole");
    assert.equal(await stateOf("whole"), "ActiveUpload");
    const content = Buffer.alloc(MIB, "content");
    const vhd = await copied(writeFixedVhd(makeDisk(RAW, [bytesAt(MIB, content)]), "seed"));
    assert.equal(await putPage(to, `bytes=${MIB}-${2 * MIB - 1}`, content), "201");
    assert.throws(
      () => server.disks.usable(disk),
      (error: AzureRefusal) => error.code === "OperationNotAllowed",
    );
    assert.equal((await client.ask("DELETE", `${DISKS}/whole`)).code, "OperationNotAllowed");
    const ranges = await (await fetch(`${to}&comp=pagelist`, { headers: { "x-ms-version": "2023-11-03" } })).text();
    assert.match(ranges, new RegExp(`<PageList><PageRange><Start>${MIB}</Start><End>${2 * MIB - 1}</End></PageRange></PageList>`));
    assert.equal(await putPage(to, `bytes=${RAW}-${RAW + 511}`, vhd.subarray(RAW)), "201");
    await client.settled("POST", `${DISKS}/whole/endGetAccess`);
    assert.equal(await stateOf("whole"), "Unattached");
    server.disks.usable(disk);
    assert.ok(readFileSync(server.disks.fileOf(disk)).equals(vhd));
    assert.equal(await putPage(to, FIRST, PAGE), "403 AuthenticationFailed");
    assert.equal(
      (await client.ask("POST", `${DISKS}/whole/beginGetAccess`, { access: "Write", durationInSeconds: 60 })).code,
      "OperationNotAllowed",
    );
    assert.equal(await putPage(await grant("whole", "Read"), FIRST, PAGE), "403 AuthorizationPermissionMismatch");
  });

  const FOOTERS: readonly { readonly what: string; readonly footer: (folder: string) => Buffer; readonly good?: true }[] = [
    { what: "qemu-img's footer", footer: (folder) => footerOf(folder, RAW), good: true },
    { what: "no footer", footer: () => Buffer.alloc(512) },
    { what: "a corrupt footer", footer: (folder) => footerOf(folder, RAW).fill(1, 100, 101) },
    { what: "the footer of a smaller disk", footer: (folder) => footerOf(folder, RAW - MIB) },
  ];
  for (const [index, { what, footer, good }] of FOOTERS.entries()) {
    test(`${good ? "accepts" : "refuses"} a disk with ${what} as a source`, async () => {
      await using folder = await scratch();
      await make(`footer-${index}`);
      await putPage(await grant(`footer-${index}`), `bytes=${RAW}-${RAW + 511}`, footer(folder.path));
      await client.settled("POST", `${DISKS}/footer-${index}/endGetAccess`);
      const use = () => server.disks.usable(found(`footer-${index}`));
      if (good) use();
      else assert.throws(use, (error: AzureRefusal) => error.code === "InvalidVhd");
    });
  }

  test("injects faults", async () => {
    server.fault = (action) => (action === "Put Page" ? { status: 503, code: "ServerBusy", retryAfterSeconds: 3 } : undefined);
    assert.equal(await putPage(url, FIRST, PAGE), "503 ServerBusy");
    server.fault = () => ({ cut: true, done: true });
    await assert.rejects(putPage(url, FIRST, PAGE));
    server.fault = undefined;
    assert.equal(await putPage(url, FIRST, PAGE), "201");
  });
});

/** The footer of a fixed VHD from qemu-img. */
function footerOf(folder: string, size: number): Buffer {
  const file = join(folder, "foreign.vhd");
  judge("qemu-img", "create", "-q", "-f", "vpc", "-o", "subformat=fixed,force_size=on", file, String(size));
  return readFileSync(file).subarray(-512);
}
