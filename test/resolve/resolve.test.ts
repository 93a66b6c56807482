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

/** A world in which time passes: each question gets a newer answer. */
function world(): ResolveSources & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async lockDebian({ debian: { packages } }) {
      asked.push(packages.join("+"));
      return { packages: packages.map((name) => deb(name, String(asked.length))) } satisfies LockedDebian;
    },
    async findLayout(reference, pinned) {
      asked.push(`${reference}@${pinned ?? "?"}`);
      return { reference, root: { mediaType: "", digest: pinned ?? digest(String(asked.length)), size: 1 }, blobs: [] };
    },
    async findImage(reference, pinned) {
      asked.push(`${reference}@${pinned?.manifest ?? "?"}`);
      return {
        config: { entrypoint: [], cmd: [], env: [], workingDir: "", label: {} },
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
  test("asks once for each source, and locks it", async () => {
    const sources = world();
    const { lock, images } = await resolve(os(), { arch: "amd64", sources });
    assert.equal(sources.asked.filter((what) => what === "nginx-light").length, 1);
    assert.equal(Object.keys(lock.debian).length, 3);
    assert.deepEqual(Object.keys(lock.images), ["redis:7"]);
    assert.deepEqual([...images.keys()].sort(), ["init[0]", "kernel.image", "services.a.image", "services.b.image", "services.c.image"]);
  });

  test("asks for nothing that the lock holds, but opens the pinned image", async () => {
    const first = await resolve(os(), { arch: "amd64", sources: world() });
    const sources = world();
    const second = await resolve(os(), { arch: "amd64", sources, lock: first.lock });
    assert.deepEqual(second.lock, first.lock);
    assert.deepEqual(sources.asked, [`redis:7@${first.lock.images["redis:7"]}`]);
  });

  for (const row of [
    { name: "a user added to the image", image: nginx({ users: [{ name: "www", uid: 33 }] }), moves: false },
    { name: "another command", image: nginx({ command: ["nginx"] }), moves: false },
    { name: "another package", image: nginx({ packages: ["nginx-light", "curl"] }), moves: true },
    { name: "a path that is kept", image: nginx({ keep: ["usr/lib/nginx/*"] }), moves: true },
    { name: "all dependencies", image: nginx({ dependencies: "all" }), moves: true },
  ]) {
    test(`${row.name} ${row.moves ? "is resolved anew" : "moves no version"}`, async () => {
      const { lock } = await resolve(os(), { arch: "amd64", sources: world() });
      const sources = world();
      await resolve(os(row.image), { arch: "amd64", sources, lock });
      assert.equal(
        sources.asked.some((what) => what.startsWith("nginx-light")),
        row.moves,
      );
    });
  }

  test("the lock forgets what the definition no longer names", async () => {
    const { lock } = await resolve(os(), { arch: "amd64", sources: world() });
    const { services, ...rest } = os();
    const { c: _, ...kept } = services;
    const next = await resolve({ ...rest, services: kept }, { arch: "amd64", sources: world(), lock });
    assert.deepEqual(next.lock.images, {});
  });

  test("`always` and another architecture ask anew", async () => {
    const { lock } = await resolve(os(), { arch: "amd64", sources: world() });
    for (const options of [{ arch: "amd64", update: "always" }, { arch: "arm64" }] as const) {
      const sources = world();
      await resolve(os(), { ...options, sources, lock: lock as Lock });
      assert.ok(sources.asked.includes("nginx-light"));
      assert.ok(sources.asked.includes("redis:7@?"));
    }
  });

  for (const row of [
    { name: "packages for a kernel", definition: { ...os(), kernel: { ...os().kernel, image: nginx() } }, path: "kernel.image" },
    { name: "a kernel for a service", definition: os(debian.kernel()), path: "services.a.image" },
    { name: "a kernel for init", definition: { ...os(), init: [debian.kernel()] }, path: "init[0]" },
  ]) {
    test(`refuses ${row.name}`, async () => {
      await assert.rejects(resolve(row.definition as ReturnType<typeof os>, { arch: "amd64", sources: world() }), {
        code: "INVALID_DEFINITION",
        detail: { path: row.path },
      });
    });
  }
});
