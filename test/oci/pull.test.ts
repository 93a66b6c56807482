import assert from "node:assert/strict";
import { inspect } from "node:util";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, describe, test } from "node:test";
import { fileEntry } from "../../sdk/archive/entry.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { collect } from "../../sdk/core/bytes.ts";
import { findSboms } from "../../sdk/oci/attestations.ts";
import { fetchBlobs } from "../../sdk/oci/fetch-blobs.ts";
import { MEDIA_TYPE } from "../../sdk/oci/media-type.ts";
import { type SourceOptions, findImage } from "../../sdk/oci/open-source.ts";
import { pullImage } from "../support/pull-image.ts";
import { createRegistryClient } from "../../sdk/oci/registry/client.ts";
import { fetchBlob, repositorySource, resolveTag } from "../../sdk/oci/registry/pull.ts";
import { type RegistryOptions, TestRegistry } from "../support/registry.ts";
import { addImage } from "../support/test-image.ts";

const AMD64 = { os: "linux", architecture: "amd64" };
const QUICK = { attempts: 4, baseMs: 1, maxMs: 5 };
const LOGIN = { kind: "token", username: "u", password: "p" } as const;
const auth = async () => ({ username: "u", password: "p" });
const anonymous = async () => undefined;

async function start(
  context: TestContext,
  options: RegistryOptions = {},
): Promise<{ registry: TestRegistry; store: BlobStore; options: SourceOptions }> {
  const registry = await TestRegistry.start(options);
  const store = new BlobStore(await mkdtemp(join(tmpdir(), "pull-")));
  context.after(async () => {
    await registry[Symbol.asyncDispose]();
    await rm(store.directory, { recursive: true });
  });
  return { registry, store, options: { store, auth: anonymous, retry: QUICK, registryMirrors: { "docker.io": registry.url } } };
}

const blobOf = (registry: TestRegistry, size: number) => ({
  mediaType: MEDIA_TYPE.ociLayer,
  ...registry.addBlob("o/x", randomBytes(size)),
});

test("an image comes whole from a mirror, and each blob is fetched once", async (context) => {
  const { registry, store, options } = await start(context);
  const layers = [[fileEntry("a", "1")], [fileEntry("b", "2")], [fileEntry("a", "1")]];
  const amd64 = await addImage(registry, "library/x", layers, { config: { Env: ["A=1"] } });
  const arm64 = await addImage(registry, "library/x", layers, { architecture: "arm64" });
  const platform = (architecture: string) => ({ os: "linux", architecture });
  const index = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociIndex,
    manifests: [
      { ...arm64, platform: platform("arm64") },
      { ...amd64, platform: platform("amd64") },
    ],
  };
  registry.addManifest("library/x", index, "1");

  const image = await pullImage("x:1", AMD64, options);
  assert.equal(image.name, "docker.io/library/x:1");
  assert.equal(image.digest, amd64.digest);
  assert.deepEqual(image.config.env, ["A=1"]);
  for (const { digest, size } of image.manifest.layers) assert.equal((await store.find(digest))?.size, size);
  assert.equal(registry.seen(/GET .*\/blobs\//).length, 3, "one configuration and two different layers");

  const before = registry.requests.length;
  const again = await pullImage(`x@${amd64.digest}`, AMD64, options);
  assert.deepEqual({ ...again, name: "", index: undefined }, { ...image, name: "", index: undefined });
  await pullImage("x:1", AMD64, options);
  assert.deepEqual(
    registry.requests.slice(before).map(({ method, path }) => `${method} ${path}`),
    ["GET /v2/library/x/manifests/1"],
    "only the tag is asked for again, as it may have moved",
  );
});

test("two pulls at once fetch each blob once", async (context) => {
  const { registry, options } = await start(context);
  await addImage(registry, "library/x", [[fileEntry("a", randomBytes(1 << 20))], [fileEntry("b", "2")]], { tags: ["1"] });
  await Promise.all([pullImage("x:1", AMD64, options), pullImage("x:1", AMD64, options)]);
  const layers = registry.seen(/GET .*\/blobs\//).map(({ path }) => path);
  assert.equal(layers.length - new Set(layers).size <= 1, true, "only the configuration, which is read first, may be fetched twice");
});

test("a reference to a manifest is accepted for any platform, and an index must list the platform", async (context) => {
  const { registry, options } = await start(context);
  const arm64 = await addImage(registry, "o/x", [], { architecture: "arm64", tags: ["bare"] });
  registry.addManifest(
    "o/x",
    {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.ociIndex,
      manifests: [{ ...arm64, platform: { os: "linux", architecture: "arm64" } }],
    } as object,
    "index",
  );
  assert.equal((await findImage("o/x:bare", AMD64, options)).config.architecture, "arm64");
  await assert.rejects(findImage("o/x:index", AMD64, options), {
    code: "NOT_FOUND",
    message: "docker.io/o/x:index has no linux/amd64; it has linux/arm64",
  });
});

describe("logins", () => {
  const kinds = ["basic", "token"] as const;
  for (const kind of kinds) {
    test(`${kind}: the right login pulls; a wrong one, or none, is ACCESS_DENIED`, async (context) => {
      const { registry, options } = await start(context, { login: { ...LOGIN, kind } });
      await addImage(registry, "o/x", [[fileEntry("a", "1")]], { tags: ["1"] });
      await pullImage("o/x:1", AMD64, { ...options, auth });
      await assert.rejects(findImage("o/x:1", AMD64, { ...options, auth: async () => ({ username: "u", password: "wrong" }) }), {
        code: "ACCESS_DENIED",
      });
      await assert.rejects(findImage("o/x:1", AMD64, options), { code: "ACCESS_DENIED" });
    });
  }
  test("an anonymous token pulls", async (context) => {
    const { registry, options } = await start(context, { login: { ...LOGIN, anonymousPull: true } });
    await addImage(registry, "o/x", [], { tags: ["1"] });
    await findImage("o/x:1", AMD64, options);
  });
  test("an identity token is exchanged", async (context) => {
    const { registry, options } = await start(context, { login: LOGIN });
    await addImage(registry, "o/x", [], { tags: ["1"] });
    await findImage("o/x:1", AMD64, { ...options, auth: async () => ({ identityToken: "p" }) });
    assert.equal(registry.seen(/POST \/token/).length, 1);
  });
  test("one token serves a repository, and is renewed when the registry refuses it", async (context) => {
    const { registry, options } = await start(context, { login: LOGIN });
    await addImage(registry, "o/x", [[fileEntry("a", "1")]], { tags: ["1"] });
    const shared = { ...options, auth, client: createRegistryClient({ ...options, auth }) };
    await pullImage("o/x:1", AMD64, shared);
    assert.equal(registry.seen(/\/token/).length, 1);
    registry.revokeTokens();
    await findImage("o/x:1", AMD64, shared);
    assert.equal(registry.seen(/\/token/).length, 2);
  });
  for (const kind of kinds) {
    test(`${kind}: a mirror's URL may have the login, which no message shows`, async (context) => {
      const { registry, options } = await start(context, { login: { ...LOGIN, kind, password: "sword:f@sh" } });
      await addImage(registry, "o/x", [[fileEntry("a", "1")]], { tags: ["1"] });
      const mirrored = (login: string) => ({ ...options, registryMirrors: { "docker.io": registry.url.replace("://", `://${login}@`) } });
      await pullImage("o/x:1", AMD64, mirrored("u:sword:f%40sh"));
      const tries = [
        () => findImage("o/x:1", AMD64, mirrored("u:swordfish")),
        () => findImage("o/x:2", AMD64, mirrored("u:sword:f%40sh")),
        () => findImage("o/x:1", AMD64, { ...options, registryMirrors: { "docker.io": "ftp://u:swordfish@host" } }),
        () => findImage("o/x:1", AMD64, { ...options, registryMirrors: { "docker.io": "http://u:swordfish@host/?a=b" } }),
      ];
      for (const act of tries) await assert.rejects(act, (error) => !/swordf|f%40sh|f@sh/.test(inspect(error, { depth: 9 })), String(act));
    });
  }
  test("a mirror gets the mirror's login, never Docker Hub's", async (context) => {
    const { registry, options } = await start(context, { login: LOGIN });
    await addImage(registry, "library/x", [], { tags: ["1"] });
    const asked: string[] = [];
    await findImage("x:1", AMD64, {
      ...options,
      auth: async (request) => (asked.push(request.registry), { username: "u", password: "p" }),
    });
    assert.deepEqual(asked, [registry.host]);
  });
});

describe("a download", () => {
  const size = 3 << 20;
  test("continues where its connection was cut", async (context) => {
    const { registry, options } = await start(context, { fault: (_, count) => (count < 3 ? { cutAfter: 1 << 19 } : undefined) });
    const blob = blobOf(registry, size);
    const repository = createRegistryClient(options).repository("docker.io", "o/x");
    const hash = createHash("sha256");
    let got = 0;
    for await (const chunk of fetchBlob(repository, blob)) {
      hash.update(chunk);
      got += chunk.length;
    }
    assert.equal(`sha256:${hash.digest("hex")}`, blob.digest);
    assert.equal(got, size);
    const ranges = registry.seen(/blobs/).map(({ headers }) => headers.range);
    assert.equal(ranges[0], undefined);
    assert.ok(
      ranges.slice(1).some((range) => range !== undefined),
      `requested ranges: ${ranges}`,
    );
  });
  test("starts over without range support, and yields each byte once", async (context) => {
    const { registry, options } = await start(context, {
      ranges: false,
      fault: (_, count) => (count < 2 ? { cutAfter: 1 << 19 } : undefined),
    });
    const blob = blobOf(registry, size);
    assert.equal((await collect(fetchBlob(createRegistryClient(options).repository("docker.io", "o/x"), blob))).length, size);
  });
  test("fails after its last try, and leaves no blob", async (context) => {
    const { registry, store, options } = await start(context, { fault: () => ({ cutAfter: 10 }) });
    const blob = blobOf(registry, size);
    const source = repositorySource(createRegistryClient(options).repository("docker.io", "o/x"));
    await assert.rejects(fetchBlobs(source, [blob], store), { code: "NETWORK" });
    assert.deepEqual(await readdir(join(store.directory, "blobs", "sha256")), []);
  });
  for (const status of [429, 500, 502, 503, 504]) {
    test(`is tried again after a ${status}`, async (context) => {
      const { registry, options } = await start(context, {
        fault: (_, count) => (count < 3 ? { status, headers: { "retry-after": "0" } } : undefined),
      });
      await addImage(registry, "o/x", [], { tags: ["1"] });
      await findImage("o/x:1", AMD64, options);
    });
  }
  test("fails on a lasting 503, with the registry's message on one line", async (context) => {
    const body = JSON.stringify({ errors: [{ code: "UNAVAILABLE", message: "down\u0007 for\nrepairs" }] });
    const { options } = await start(context, { fault: () => ({ status: 503, body }) });
    await assert.rejects(findImage("o/x:1", AMD64, options), {
      code: "NETWORK",
      message: /docker\.io\/o\/x:1: the registry answered 503: UNAVAILABLE down for repairs \(http:\/\/127/,
    });
  });
  test("does not read a huge error body to its end", async (context) => {
    const { options } = await start(context, { fault: () => ({ status: 400, body: Buffer.alloc(32 << 20, 0x61) }) });
    await assert.rejects(findImage("o/x:1", AMD64, options), { code: "NETWORK", message: /answered 400 \(/ });
  });
  test("fails with TIMEOUT when the registry does not answer", async (context) => {
    const { options } = await start(context, { fault: () => ({ silent: true }) });
    await assert.rejects(findImage("o/x:1", AMD64, { ...options, timeoutSeconds: 0.05, retry: { attempts: 2, baseMs: 1 } }), {
      code: "TIMEOUT",
    });
  });
  test("fails with CANCELLED at once when aborted", async (context) => {
    const { options } = await start(context, { fault: () => ({ silent: true }) });
    const stop = new AbortController();
    const finding = findImage("o/x:1", AMD64, { ...options, signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    await assert.rejects(finding, { code: "CANCELLED" });
  });
});

describe("a pull refuses", () => {
  const rows: [string, (body: Buffer) => Buffer, string][] = [
    ["a changed byte", (body) => Buffer.concat([Buffer.of((body[0] as number) ^ 1), body.subarray(1)]), "DIGEST_MISMATCH"],
    ["an extra byte", (body) => Buffer.concat([body, Buffer.of(0)]), "SIZE_MISMATCH"],
    ["a missing byte", (body) => body.subarray(1), "SIZE_MISMATCH"],
  ];
  for (const [name, change, code] of rows) {
    test(`${name} in a blob`, async (context) => {
      let body: Buffer = Buffer.alloc(0);
      const { registry, store, options } = await start(context, { ranges: false, fault: () => ({ body: change(body) }) });
      const blob = blobOf(registry, 1000);
      body = registry.blobs.get("o/x")?.get(blob.digest) as Buffer;
      const source = repositorySource(createRegistryClient(options).repository("docker.io", "o/x"));
      await assert.rejects(fetchBlobs(source, [blob], store), { code });
      assert.equal(await store.find(blob.digest), undefined);
    });
  }
  test("a blob that ends too early, with range support", async (context) => {
    const { registry, store, options } = await start(context);
    const blob = blobOf(registry, 1000);
    const source = repositorySource(createRegistryClient(options).repository("docker.io", "o/x"));
    await assert.rejects(fetchBlobs(source, [{ ...blob, size: 1001 }], store), {
      code: "SIZE_MISMATCH",
      message: /got 1000 bytes, wanted 1001/,
    });
    assert.deepEqual(
      registry.seen(/blobs/).map(({ status }) => status),
      [200, 416],
    );
  });
  test("a manifest that does not match its digest", async (context) => {
    const { registry, options } = await start(context, { fault: () => ({ body: Buffer.from("{}") }) });
    const { digest } = await addImage(registry, "o/x", [], { tags: ["1"] });
    await assert.rejects(findImage(`o/x@${digest}`, AMD64, options), { code: "DIGEST_MISMATCH" });
    await assert.rejects(findImage("o/x:1", AMD64, options), { code: "DIGEST_MISMATCH" });
  });
  test("a manifest over 4 MiB", async (context) => {
    const { registry, options } = await start(context, { fault: () => ({ body: Buffer.alloc(5 << 20, 0x20) }) });
    await addImage(registry, "o/x", [], { tags: ["1"] });
    await assert.rejects(findImage("o/x:1", AMD64, options), { code: "TOO_LARGE" });
  });
  test("a configuration over 8 MiB, before it is fetched", async (context) => {
    const { registry, options } = await start(context);
    const config = { mediaType: MEDIA_TYPE.ociConfig, ...registry.addBlob("o/x", Buffer.from("{}")), size: (8 << 20) + 1 };
    registry.addManifest("o/x", { schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config, layers: [] } as object, "1");
    await assert.rejects(findImage("o/x:1", AMD64, options), { code: "TOO_LARGE", message: /wanted at most 8388608/ });
    assert.equal(registry.seen(/blobs/).length, 0);
  });
  test("more than 64 attestations of one image, before one is fetched", async (context) => {
    const { registry, store, options } = await start(context);
    const image = await addImage(registry, "o/x", []);
    const annotations = { "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": image.digest };
    const attestation = { ...image, annotations, platform: { os: "unknown", architecture: "unknown" } };
    const manifests = [{ ...image, platform: AMD64 }, ...Array<object>(65).fill(attestation)];
    registry.addManifest("o/x", { schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests } as object, "1");
    const { index } = await findImage("o/x:1", AMD64, options);
    assert.ok(index);
    const before = registry.requests.length;
    await assert.rejects(findSboms("o/x:1", index, image.digest, { ...options, store }), {
      code: "TOO_LARGE",
      message: "o/x:1: got 65 attestations of one image, wanted at most 64",
    });
    assert.equal(registry.requests.length, before);
  });
  test("an image that does not exist, as NOT_FOUND", async (context) => {
    const { registry, options } = await start(context);
    await assert.rejects(findImage("o/x:1", AMD64, options), {
      code: "NOT_FOUND",
      message: new RegExp(`docker\\.io/o/x:1 does not exist: 404: MANIFEST_UNKNOWN manifest unknown: 1 \\(${registry.url}`),
    });
    assert.equal(await resolveTag(createRegistryClient(options).repository("docker.io", "o/x"), "1"), undefined);
  });
});

test("a redirect to another host is followed without the login", async (context) => {
  const other = await start(context);
  const { registry, options } = await start(context, {
    login: LOGIN,
    fault: ({ url = "" }) => (url.includes("/blobs/") ? { redirect: `${other.registry.url}${url}?signature=secret` } : undefined),
  });
  const blob = blobOf(registry, 1000);
  other.registry.addBlob("o/x", registry.blobs.get("o/x")?.get(blob.digest) as Buffer);
  const repository = createRegistryClient({ ...options, auth }).repository("docker.io", "o/x");
  await collect(fetchBlob(repository, blob));
  assert.equal(other.registry.requests.length, 1);
  assert.equal(other.registry.requests[0]?.headers.authorization, undefined);
  assert.match(registry.seen(/blobs/).at(-1)?.headers.authorization ?? "", /^Bearer /);
  // messages leave out the signature in the URL
  other.registry.blobs.clear();
  await assert.rejects(
    collect(fetchBlob(repository, blob)),
    (error: Error) => !error.message.includes("secret") && /signature=…/.test(error.message),
  );
});

test("a login that is exchanged goes to no other server, however its own redirects", async (context) => {
  const stolen: string[] = [];
  const thief = createServer((request, response) => void response.end(stolen.push(`${request.method} ${request.headers.authorization}`)));
  let status = 0;
  const registry = createServer((request, response) => {
    const { port } = registry.address() as AddressInfo;
    const elsewhere = `http://127.0.0.1:${(thief.address() as AddressInfo).port}/`;
    if (request.url === "/token") response.writeHead(status, { location: elsewhere }).end();
    else response.writeHead(401, { "www-authenticate": `Bearer realm="http://127.0.0.1:${port}/token"` }).end();
  });
  for (const server of [thief, registry]) await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  context.after(() => [thief, registry].map((server) => server.close().closeAllConnections()));
  const identity = async () => ({ identityToken: "secret" });
  for (status of [301, 302, 307, 308]) {
    const client = createRegistryClient({ auth: identity, retry: { attempts: 1 } });
    const name = `127.0.0.1:${(registry.address() as AddressInfo).port}`;
    await assert.rejects(resolveTag(client.repository(name, "x"), "1"), {
      code: "NETWORK",
      message: /redirects a login to another server/,
    });
  }
  assert.deepEqual(stolen, []);
});

test("redirects without end, to plain http, and to other schemes are refused", async () => {
  const answer = (location: string) => async () => new Response(null, { status: 302, headers: { location } });
  const client = (location: string) =>
    createRegistryClient({ fetch: answer(location), auth: anonymous, retry: QUICK }).repository("example.com", "x");
  await assert.rejects(resolveTag(client("https://example.com/v2/"), "1"), { code: "NETWORK", message: /redirects more than 5 times/ });
  await assert.rejects(resolveTag(client("http://example.com/v2/"), "1"), {
    code: "NETWORK",
    message: /redirects to plain http at example\.com/,
  });
  await assert.rejects(resolveTag(client("file:///etc/passwd"), "1"), {
    code: "NETWORK",
    message: /redirects to what is not an http or https URL/,
  });
});
