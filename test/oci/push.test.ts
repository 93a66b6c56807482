import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, describe, test } from "node:test";
import { fileEntry } from "../../sdk/archive/entry.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { digestOf } from "../../sdk/core/digest.ts";
import { MEDIA_TYPE } from "../../sdk/oci/media-type.ts";
import { pullImage } from "../support/pull-image.ts";
import { pushArtifact } from "../../sdk/oci/registry/artifact.ts";
import { type Repository, createRegistryClient } from "../../sdk/oci/registry/client.ts";
import { pushBlob } from "../../sdk/oci/registry/push-blob.ts";
import { pushImage, pushManifest } from "../../sdk/oci/registry/push.ts";
import { fallbackTag, listReferrers } from "../../sdk/oci/registry/referrers.ts";
import { type RegistryOptions, TestRegistry } from "../support/registry.ts";
import { addImage } from "../support/test-image.ts";

const LOGIN = { kind: "token", username: "u", password: "p" } as const;
const options = { auth: async () => ({ username: "u", password: "p" }), retry: { attempts: 4, baseMs: 1, maxMs: 5 } };

async function start(context: TestContext, registryOptions: RegistryOptions = {}): Promise<{ registry: TestRegistry; target: Repository }> {
  const registry = await TestRegistry.start({ login: LOGIN, ...registryOptions });
  context.after(() => registry[Symbol.asyncDispose]());
  return { registry, target: createRegistryClient(options).repository(registry.host, "o/x", "pull,push") };
}

const blobOf = (bytes: Buffer) => ({ mediaType: MEDIA_TYPE.ociLayer, digest: digestOf(bytes), size: bytes.length });

describe("a pushed blob", () => {
  const bytes = randomBytes(10_000);
  for (const chunkSize of [20_000, 10_000, 4_000, 2_500]) {
    test(`arrives in pieces of ${chunkSize} bytes`, async (context) => {
      const { registry, target } = await start(context);
      assert.equal(await pushBlob(target, blobOf(bytes), [bytes.subarray(0, 3333), bytes.subarray(3333)], { chunkSize }), "sent");
      assert.deepEqual(registry.blobs.get("o/x")?.get(digestOf(bytes)), bytes);
      assert.equal(registry.seen(/PATCH/).length, chunkSize >= 10_000 ? 0 : Math.ceil(10_000 / chunkSize));
      assert.equal(await pushBlob(target, blobOf(bytes), [bytes]), "held");
    });
  }
  test("may be empty", async (context) => {
    const { target } = await start(context);
    assert.equal(await pushBlob(target, blobOf(Buffer.alloc(0)), []), "sent");
  });
  test("continues after a cut connection with the bytes that the registry lacks", async (context) => {
    const { registry, target } = await start(context, {
      fault: ({ method }, count) => (method === "PATCH" && count < 6 ? { cutAfter: 1000 } : undefined),
    });
    await pushBlob(target, blobOf(bytes), [bytes], { chunkSize: 4_000 });
    assert.deepEqual(registry.blobs.get("o/x")?.get(digestOf(bytes)), bytes);
    assert.match(registry.seen(/PATCH/)[1]?.headers["content-range"] ?? "", /^1000-/);
  });
  test("arrives even if the answer to the last request is lost", async (context) => {
    let losses = 1;
    const { registry, target } = await start(context, {
      fault: ({ method }) => (method === "PUT" && losses-- > 0 ? { loseAnswer: true } : undefined),
    });
    assert.equal(await pushBlob(target, blobOf(bytes), [bytes]), "sent");
    assert.equal(registry.seen(/PUT/).length, 2);
  });
  test("is tried again after a 503", async (context) => {
    let refusals = 2;
    const { registry, target } = await start(context, {
      fault: ({ method }) => (method === "PATCH" && refusals-- > 0 ? { status: 503 } : undefined),
    });
    await pushBlob(target, blobOf(bytes), [bytes], { chunkSize: 4_000 });
    assert.deepEqual(registry.blobs.get("o/x")?.get(digestOf(bytes)), bytes);
  });
  test("is mounted from another repository that holds it, else sent", async (context) => {
    const { registry, target } = await start(context);
    registry.addBlob("o/base", bytes);
    assert.equal(await pushBlob(target, blobOf(bytes), [], { mountFrom: "o/base" }), "mounted");
    const other = randomBytes(10);
    assert.equal(await pushBlob(target, blobOf(other), [other], { mountFrom: "o/base" }), "sent");
  });
  test("is refused if its size or digest is wrong", async (context) => {
    const { registry, target } = await start(context);
    for (const source of [[bytes.subarray(1)], [bytes, Buffer.of(0)]]) {
      for (const chunkSize of [4_000, 20_000])
        await assert.rejects(pushBlob(target, blobOf(bytes), source, { chunkSize }), { code: "SIZE_MISMATCH" });
    }
    await assert.rejects(pushBlob(target, blobOf(bytes), [randomBytes(10_000)]), { code: "NETWORK", message: /DIGEST_INVALID/ });
    assert.equal(registry.blobs.get("o/x"), undefined);
  });
  test("is ACCESS_DENIED without permission to push", async (context) => {
    const { target } = await start(context, { login: { ...LOGIN, password: "another", anonymousPull: true } });
    await assert.rejects(pushBlob(target, blobOf(bytes), [bytes]), { code: "ACCESS_DENIED" });
  });
});

test("an index of two images is copied from one registry to another unchanged", async (context) => {
  const { registry, target } = await start(context);
  await using from = await TestRegistry.start();
  const store = new BlobStore(await mkdtemp(join(tmpdir(), "push-")));
  context.after(() => rm(store.directory, { recursive: true }));
  const images = await Promise.all(
    ["amd64", "arm64"].map((architecture) =>
      addImage(from, "o/y", [[fileEntry("same", "1")], [fileEntry("own", architecture)]], { architecture }),
    ),
  );
  const platforms = ["amd64", "arm64"].map((architecture) => ({ os: "linux", architecture }));
  const index = from.addManifest(
    "o/y",
    {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.ociIndex,
      manifests: images.map((image, at) => ({ ...image, platform: platforms[at] })),
    } as object,
    "1",
  );
  for (const platform of platforms) await pullImage(`${from.host}/o/y:1`, platform, { store, auth: async () => undefined });

  assert.deepEqual(await pushImage(target, index, "2", store), index);
  assert.deepEqual(registry.manifests.get("o/x")?.get("2"), from.manifests.get("o/y")?.get("1"));
  assert.deepEqual(new Set(registry.blobs.get("o/x")?.keys()), new Set(from.blobs.get("o/y")?.keys()));
  await assert.rejects(pushImage(target, { ...index, digest: digestOf("x") }, "3", store), { code: "NOT_FOUND" });
});

test("what a registry names next is asked by https, where the registry was", async () => {
  const answer = (status: number, headers: Record<string, string>) => async (_: string, init: RequestInit) =>
    init.method === "HEAD"
      ? new Response(null, { status: 404 })
      : new Response(JSON.stringify({ schemaVersion: 2, manifests: [] }), { status, headers });
  const at = (status: number, headers: Record<string, string>): Repository =>
    createRegistryClient({ ...options, fetch: answer(status, headers) }).repository("example.com", "x", "pull,push");
  const blob = blobOf(Buffer.from("x"));
  for (const [url, why] of [
    ["http://example.com/up", /at plain http at example\.com/],
    ["data:application/json,{}", /at what is not an http or https URL/],
    ["file:///etc/passwd", /at what is not an http or https URL/],
  ] as const) {
    await assert.rejects(pushBlob(at(202, { location: url }), blob, [Buffer.from("x")]), { code: "NETWORK", message: why });
    await assert.rejects(listReferrers(at(200, { link: `<${url}>; rel="next"` }), blob.digest), { code: "NETWORK", message: why });
  }
});

describe("referrers are listed", () => {
  for (const referrers of [true, false]) {
    test(referrers ? "by the registry's API" : "by the fallback tag", async (context) => {
      const { registry, target } = await start(context, { referrers });
      const subject = await addImage(registry, "o/x", [], { tags: ["1"] });
      assert.deepEqual(await listReferrers(target, subject.digest), []);
      const sbom = await pushArtifact(target, {
        artifactType: "application/spdx+json",
        subject,
        blobs: [{ mediaType: "application/spdx+json", content: Buffer.from("{}\n") }],
        annotations: { a: "b" },
      });
      const signature = await pushArtifact(target, { artifactType: "application/x-signature", subject, blobs: [] });
      const listed = await listReferrers(target, subject.digest);
      assert.deepEqual(
        listed.map(({ digest }) => digest),
        [sbom.digest, signature.digest],
      );
      assert.deepEqual(await listReferrers(target, subject.digest, "application/spdx+json"), [
        { ...sbom, artifactType: "application/spdx+json", annotations: { a: "b" } },
      ]);
      assert.equal(registry.manifests.get("o/x")?.has(fallbackTag(subject.digest)), !referrers);
    });
  }
  test("only for a manifest with a subject", async (context) => {
    const { registry, target } = await start(context);
    await pushManifest(
      target,
      Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests: [] })),
      MEDIA_TYPE.ociIndex,
      "1",
    );
    assert.deepEqual(
      [...(registry.manifests.get("o/x")?.keys() ?? [])].filter((name) => name.startsWith("sha256-")),
      [],
    );
  });
});
