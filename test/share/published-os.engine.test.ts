import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { discard } from "../../providers/qemu/plugin/start.ts";
import { listMachineFolders } from "../../providers/qemu/plugin/machine-folder.ts";
import { qemuVm } from "../../providers/qemu/plugin/vm.ts";
import { builder } from "../../sdk/resource/plugin/real-builder.ts";
import { imageBuildType } from "../../sdk/resource/plugin/image-build.ts";
import { makeStack } from "../support/engine.ts";
import { makeOwnCache } from "../support/own-cache.ts";
import { TestRegistry } from "../support/registry.ts";

const source = (path: string) => JSON.stringify(new URL(`../../${path}`, import.meta.url).href);
const pem = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

/** One program for two computers: one builds and publishes an OS, the other starts a machine from it. */
const program = (host: string, page: string) => `
import { debian, Image, ImageBuild, Kernel, OnbootTask, Service } from ${source("sdk/index.ts")};
import { Machine } from ${source("providers/qemu/index.ts")};
const os = new Image({
  kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
  init: [debian.init()],
  onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
  services: [new Service("web", {
    image: debian.packages({ packages: ["busybox-static", "netbase"], files: [{ path: "www/index.html", contents: ${JSON.stringify(page)} }] }),
    command: ["busybox", "httpd", "-f", "-p", "80", "-h", "/www"],
    capabilities: ["CAP_NET_BIND_SERVICE"],
    health: { http: { port: 80 } },
  })],
});
const made = new ImageBuild("made", { image: os, push: { to: "${host}/team/web:1", sign: ${JSON.stringify(pem.privateKey)} }, cache: { to: "${host}/team/cache" } });
const got = new ImageBuild("got", { artifact: made.pushed.apply((pushed) => pushed ?? ""), verify: { "${host}": ${JSON.stringify(pem.publicKey)} } });
const vm = new Machine("web", { build: got, memoryMiB: 256, publish: ["0:80"] });
export const { url } = vm;
export const { pushed } = made;
export const digests = [made.digest, got.digest];
`;

describe("an operating system that one computer publishes", { timeout: 600_000 }, () => {
  test("boots on another by its digest, with its signature verified and the key kept secret", async () => {
    await using registry = await TestRegistry.start({ referrers: true });
    const home = await mkdtemp(join(tmpdir(), "published-"));
    await using _ = { [Symbol.asyncDispose]: () => clear(home) };
    const [one, two] = [await makeOwnCache(join(home, "one")), join(home, "two")];
    const places = { stateDir: join(home, "state"), cacheDir: two };
    // the fetching build has another local cache than the publishing one
    const [maker, getter] = [imageBuildType(builder, one), imageBuildType(builder, two)];
    const type: typeof maker = { ...maker, create: (request) => (request.name === "got" ? getter : maker).create(request) };
    const types = { "linuxkit:index:ImageBuild": async () => type, "linuxkit:index:QemuVm": async () => qemuVm(places) };
    await using stack = await makeStack({
      files: { "index.js": program(registry.host, "published") },
      provider: { name: "linuxkit", version: "0.1.0", config: { debianMirror: "" }, types },
    });

    const up = await stack.up();
    const { url, pushed, digests } = (await stack.outputs()) as { url: string; pushed: string; digests: string[] };
    assert.match(pushed, new RegExp(`^${registry.host}/team/web@sha256:[0-9a-f]{64}$`));
    assert.equal(digests[0], digests[1]);
    assert.equal(await (await fetch(url)).text(), "published");
    assert.ok(registry.seen(/^GET \/v2\/team\/web\/blobs\//).length >= 4);
    const line = pem.privateKey.split("\n")[1] as string;
    assert.ok(!(await stack.stateText()).includes(line));
    assert.ok(!up.text.includes(line));
    assert.deepEqual(
      (await stack.up()).steps.map(({ op }) => op).filter((op) => op !== "same"),
      [],
    );
    await stack.must("destroy", "--yes", "--skip-preview");
  });
});

async function clear(home: string): Promise<void> {
  const stateDir = join(home, "state");
  for (const { id } of await listMachineFolders(stateDir)) await discard(id, stateDir);
  await rm(home, { recursive: true, force: true });
}
