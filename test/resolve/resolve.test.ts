import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Digest } from "../../sdk/core/digest.ts";
import { Image } from "../../sdk/definition/image.ts";
import { Kernel } from "../../sdk/definition/kernel.ts";
import { Service } from "../../sdk/definition/service.ts";
import { debian } from "../../sdk/debian/images.ts";
import type { LockedDebian } from "../../sdk/debian/locked.ts";
import type { Lock } from "../../sdk/resolve/lock.ts";
import { resolve, type ResolveSources } from "../../sdk/resolve/resolve.ts";

const digest = (digit: string): Digest => `sha256:${digit.repeat(64)}`;

/** Sources that give a newer version for each call. */
function movingSources(): ResolveSources & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async lockDebian({ debian: { packages } }) {
      asked.push(packages.join("+"));
      return { packages: packages.map((name) => deb(name, String(asked.length))) } satisfies LockedDebian;
    },
    readAccounts: async () => ({ users: [], groups: [] }),
    async findLayout(reference, pinned) {
      asked.push(`${reference}@${pinned ?? "?"}`);
      return { reference, root: { mediaType: "", digest: pinned ?? digest(String(asked.length)), size: 1 }, blobs: [] };
    },
    async findImage(reference, pinned) {
      asked.push(`${reference}@${pinned?.manifest ?? "?"}`);
      return {
        config: { entrypoint: [], cmd: [], env: [], workingDir: "", user: "", stopSignal: "", label: {} },
        manifest: pinned?.manifest ?? digest(String(asked.length)),
        layers: [],
      };
    },
  };
}

const deb = (name: string, version: string) =>
  ({
    name,
    version,
    architecture: "amd64",
    filename: `${name}.deb`,
    size: 1,
    sha256: "0".repeat(64),
    archive: "debian",
    keep: "slim",
  }) as const;

const nginx = (args = {}) => debian.packages({ packages: ["nginx-light"], ...args });
const os = (image = nginx()) =>
  new Image({
    kernel: new Kernel({ image: debian.kernel(), cmdline: "" }),
    init: [debian.init()],
    services: [new Service("a", { image }), new Service("b", { image }), new Service("c", { image: "redis:7" })],
  }).spec;

describe("resolve", () => {
  test("looks up each source once, and locks it", async () => {
    const sources = movingSources();
    const { lock, images } = await resolve(os(), { arch: "amd64", sources });
    assert.equal(sources.asked.filter((what) => what === "nginx-light").length, 1);
    assert.equal(Object.keys(lock.debian).length, 3);
    assert.deepEqual(Object.keys(lock.images), ["redis:7"]);
    assert.deepEqual([...images.keys()].sort(), ["init[0]", "kernel.image", "services.a.image", "services.b.image", "services.c.image"]);
  });

  test("looks up only the pinned image of a locked reference", async () => {
    const first = await resolve(os(), { arch: "amd64", sources: movingSources() });
    const sources = movingSources();
    const second = await resolve(os(), { arch: "amd64", sources, lock: first.lock });
    assert.deepEqual(second.lock, first.lock);
    assert.deepEqual(sources.asked, [`redis:7@${first.lock.images["redis:7"]}`]);
  });

  for (const row of [
    { name: "a user added to the image", image: nginx({ users: [{ name: "www", uid: 33 }] }), moves: false },
    { name: "another command", image: nginx({ command: ["nginx"] }), moves: false },
    { name: "another package", image: nginx({ packages: ["nginx-light", "curl"] }), moves: true },
    { name: "a path in keep", image: nginx({ keep: ["usr/lib/nginx/*"] }), moves: true },
    { name: "all dependencies", image: nginx({ dependencies: "all" }), moves: true },
  ]) {
    test(`${row.name} ${row.moves ? "resolves versions again" : "keeps the locked versions"}`, async () => {
      const { lock } = await resolve(os(), { arch: "amd64", sources: movingSources() });
      const sources = movingSources();
      await resolve(os(row.image), { arch: "amd64", sources, lock });
      assert.equal(
        sources.asked.some((what) => what.startsWith("nginx-light")),
        row.moves,
      );
    });
  }

  test("the new lock leaves out sources that the definition no longer names", async () => {
    const { lock } = await resolve(os(), { arch: "amd64", sources: movingSources() });
    const { services, ...rest } = os();
    const { c: _, ...kept } = services;
    const next = await resolve({ ...rest, services: kept }, { arch: "amd64", sources: movingSources(), lock });
    assert.deepEqual(next.lock.images, {});
  });

  test("update: always and another architecture ignore the lock", async () => {
    const { lock } = await resolve(os(), { arch: "amd64", sources: movingSources() });
    for (const options of [{ arch: "amd64", update: "always" }, { arch: "arm64" }] as const) {
      const sources = movingSources();
      await resolve(os(), { ...options, sources, lock: lock as Lock });
      assert.ok(sources.asked.includes("nginx-light"));
      assert.ok(sources.asked.includes("redis:7@?"));
    }
  });

  for (const row of [
    { name: "packages as a kernel", definition: { ...os(), kernel: { ...os().kernel, image: nginx() } }, path: "kernel.image" },
    { name: "a kernel as a service", definition: os(debian.kernel()), path: "services.a.image" },
    { name: "a kernel as init", definition: { ...os(), init: [debian.kernel()] }, path: "init[0]" },
  ]) {
    test(`refuses ${row.name}`, async () => {
      await assert.rejects(resolve(row.definition as ReturnType<typeof os>, { arch: "amd64", sources: movingSources() }), {
        code: "INVALID_DEFINITION",
        detail: { path: row.path },
      });
    });
  }
});
