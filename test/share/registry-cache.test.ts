import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, type TestContext, test } from "node:test";
import { type Entry, fileEntry } from "../../sdk/archive/entry.ts";
import { buildPlan } from "../../sdk/builder/build-plan.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { unseal } from "../../sdk/cache/sealed.ts";
import { digestOf } from "../../sdk/core/digest.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import type { Progress } from "../../sdk/core/progress.ts";
import type { FormatName } from "../../sdk/format/formats.ts";
import { type CacheOption, openRegistryCache } from "../../sdk/share/registry-cache.ts";
import { trustIn } from "../../sdk/share/trust.ts";
import type { VerifyRules } from "../../sdk/sign/verify-rules.ts";
import { fakeSources, file, noiseEntry, planOf, segment, unpack } from "../support/fake-plan.ts";
import { freePort } from "../support/free-port.ts";
import { type RegistryOptions, TestRegistry } from "../support/registry.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "registry-cache-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function start(context: TestContext, options: RegistryOptions = {}): Promise<TestRegistry> {
  const registry = await TestRegistry.start(options);
  context.after(() => registry[Symbol.asyncDispose]());
  return registry;
}

const trees = { web: (): Entry[] => [fileEntry("usr/bin/web", "serve\n", 0o755), noiseEntry("usr/share/noise", 9 << 20)] };
const plan = planOf(segment("web", unpack("web", "srv")), segment("config", file("etc/hostname", "os\n")));

/** A build on a separate computer, which shares only the registry. */
async function machine(
  name: string,
  cache: CacheOption,
  {
    format,
    login,
    signal,
    verify,
  }: {
    readonly verify?: VerifyRules;
    readonly format?: FormatName[];
    readonly login?: { username: string; password: string } | undefined;
    readonly signal?: AbortSignal;
  } = {},
) {
  const cacheDir = join(folder, name);
  const sources = fakeSources(trees);
  const told: Progress[] = [];
  const onProgress = (progress: Progress) => void told.push(progress);
  await using shared = openRegistryCache(cache, { onProgress, auth: async () => login, signal, verify });
  const artifact = await buildPlan(plan, {
    name: "os",
    outputDir: join(cacheDir, "out"),
    cacheDir,
    store: new BlobStore(cacheDir),
    sources,
    shared,
    trusts: trustIn(cache, verify),
    onProgress,
    format,
    signal,
  });
  const said = told.filter(({ lasting }) => lasting).map(({ message }) => message);
  return { artifact, opened: sources.opened, said, cacheDir, read: (file: string) => readFile(join(cacheDir, "out", file)) };
}

const writes = (registry: TestRegistry) => registry.seen(/^(POST|PUT|PATCH) /).length;

describe("two computers that share a cache:", () => {
  for (const login of [undefined, { kind: "token", username: "u", password: "p" } as const]) {
    test(`the second builds nothing, ${login ? "with a token login" : "without a login"}`, async (context) => {
      const registry = await start(context, login && { login });
      const cache = { from: `${registry.host}/team/cache`, to: `${registry.host}/team/cache` };
      const first = await machine("one", cache, { login });
      assert.deepEqual(first.opened.sort(), ["kernel", "web"]);
      const second = await machine("two", cache, { login });
      assert.deepEqual(second.opened, []);
      assert.equal(second.artifact.digest, first.artifact.digest);
      assert.ok((await second.read("os-initrd.img")).equals(await first.read("os-initrd.img")));
      assert.deepEqual(
        second.artifact.segments.map(({ cached }) => cached),
        [true, true],
      );
      assert.match(second.said.join("\n"), /^cache 127\.0\.0\.1:\d+\/team\/cache: fetched 3 entries \(9\.\d MB\), stored 0\.0 MB$/);
    });
  }

  test("the second gets the first one's record of every entry", async (context) => {
    const registry = await start(context);
    const cache = { from: `${registry.host}/cache`, to: `${registry.host}/cache` };
    const recordsOf = async ({ cacheDir }: { readonly cacheDir: string }) => {
      const names = (await readdir(join(cacheDir, "segments"))).filter((name) => name.endsWith(".json")).sort();
      return Promise.all(
        names.map(async (name) => {
          const { origin, ...record } = JSON.parse(unseal(await readFile(join(cacheDir, "segments", name), "utf8")) ?? "null");
          return { name, record, origin };
        }),
      );
    };
    const first = await recordsOf(await machine("one", cache));
    assert.ok(
      first.some(({ record }) => record.paths.unpacked > 0),
      "at least one record has the memory that its entry takes",
    );
    const origin = { repository: `${registry.host}/cache` };
    assert.deepEqual(
      await recordsOf(await machine("two", cache)),
      first.map((one) => ({ ...one, origin })),
    );
  });

  test("builds with a full cache send nothing", async (context) => {
    const registry = await start(context);
    const cache = { from: [`${registry.host}/cache`], to: `${registry.host}/cache` };
    await machine("one", cache);
    const before = writes(registry);
    await machine("one", cache);
    await machine("two", cache);
    assert.equal(writes(registry), before);
  });

  test("entries of a local cache are stored in a new shared cache", async (context) => {
    const registry = await start(context);
    await machine("one", {});
    const again = await machine("one", { to: `${registry.host}/cache` });
    assert.deepEqual(again.opened, []);
    assert.deepEqual((await machine("two", { from: `${registry.host}/cache` })).opened, []);
  });

  test("an entry that the first repository lacks comes from the second, and is mounted into the first", async (context) => {
    const registry = await start(context);
    await machine("one", { to: `${registry.host}/main` });
    const branch = { from: [`${registry.host}/branch`, `${registry.host}/main`], to: `${registry.host}/branch` };
    assert.deepEqual((await machine("two", branch)).opened, []);
    const mounted = registry.seen(/^POST .*mount=.*from=main/).filter(({ status }) => status === 201);
    assert.equal(mounted.length, 3);
    assert.deepEqual((await machine("three", { from: `${registry.host}/branch` })).opened, []);
  });

  test("a root image is fetched instead of built", async (context) => {
    const registry = await start(context);
    const cache = { from: `${registry.host}/cache`, to: `${registry.host}/cache` };
    const first = await machine("one", cache, { format: ["kernel+erofs", "kernel+initrd"] });
    const second = await machine("two", cache, { format: ["kernel+erofs", "kernel+initrd"] });
    assert.deepEqual(second.opened, []);
    assert.deepEqual(
      second.artifact.files.map(({ name, sha256 }) => [name, sha256]),
      first.artifact.files.map(({ name, sha256 }) => [name, sha256]),
    );
    assert.deepEqual(
      second.artifact.files.map(({ role }) => role),
      ["kernel", "cmdline", "root", "initrd"],
    );
  });
});

describe("an invalid entry is refused, and built instead:", () => {
  const noise = (at: Buffer) => Buffer.from(at.map((byte) => byte ^ 1));
  for (const row of [
    {
      name: "a blob with altered bytes",
      path: /GET .*\/blobs\//,
      body: (bytes: Buffer) => noise(bytes),
      says: /web: refused the entry of the cache .*got sha256:/,
    },
    {
      name: "a blob that is cut short",
      path: /GET .*\/blobs\//,
      body: (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1),
      says: /refused the entry|is skipped/,
    },
    {
      name: "a manifest of another artifact",
      path: /GET .*\/manifests\//,
      body: () =>
        Buffer.from(JSON.stringify({ schemaVersion: 2, config: { mediaType: "x/y", digest: digestOf(""), size: 0 }, layers: [] })),
      says: /web: refused the entry of the cache/,
    },
  ]) {
    test(row.name, async (context) => {
      let altered = false;
      const registry: TestRegistry = await start(context, {
        fault(request) {
          const line = `${request.method} ${request.url}`;
          const digest = line.slice(line.lastIndexOf("/") + 1);
          if (!altered || !row.path.test(line)) return undefined;
          return { body: row.body(registry.blobs.get("cache")?.get(digest) ?? Buffer.alloc(0)) };
        },
      });
      const cache = { from: `${registry.host}/cache`, to: `${registry.host}/cache` };
      const first = await machine("one", cache);
      altered = true;
      const second = await machine("two", cache);
      assert.deepEqual(second.opened.sort(), ["kernel", "web"]);
      assert.equal(second.artifact.digest, first.artifact.digest);
      assert.match(second.said.join("\n"), row.says);
    });
  }

  test("another key's entry under a tag, which is then replaced", async (context) => {
    const registry = await start(context);
    const cache = { from: `${registry.host}/cache`, to: `${registry.host}/cache` };
    const first = await machine("one", cache);
    const documents = registry.manifests.get("cache");
    const tags = [...(documents?.keys() ?? [])].filter((name) => name.startsWith("key-"));
    assert.equal(tags.length, 3);
    const [one, other] = tags as [string, string];
    const own = documents?.get(one);
    documents?.set(one, documents.get(other) as NonNullable<typeof own>);
    const second = await machine("two", cache);
    assert.equal(second.artifact.digest, first.artifact.digest);
    assert.match(second.said.join("\n"), /is not a cache entry for this key/);
    assert.deepEqual(documents?.get(one), own);
  });
});

describe("a signed cache", () => {
  const pair = () =>
    generateKeyPairSync("ec", {
      namedCurve: "P-256",
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
  const [own, other] = [pair(), pair()];

  test("is used with the private key, and with the public one", async (context) => {
    const registry = await start(context);
    const place = `${registry.host}/cache`;
    const first = await machine("one", { to: place, sign: own.privateKey });
    const before = writes(registry);
    const [second, third] = [
      await machine("two", { from: place, to: place, sign: own.privateKey }),
      await machine("three", { from: place }, { verify: { [place]: own.publicKey } }),
    ];
    assert.deepEqual([second.opened, third.opened], [[], []]);
    assert.deepEqual([second.artifact.digest, third.artifact.digest], [first.artifact.digest, first.artifact.digest]);
    assert.equal(writes(registry), before);
  });

  for (const [name, sign] of [
    ["without a signature", undefined],
    ["signed by another key", other.privateKey],
  ] as const) {
    test(`refuses an entry ${name}, and replaces it`, async (context) => {
      const registry = await start(context);
      const place = `${registry.host}/cache`;
      await machine("one", { to: place, sign });
      const second = await machine("two", { from: place, to: place, sign: own.privateKey });
      assert.deepEqual(second.opened.sort(), ["kernel", "web"]);
      assert.match(
        second.said.join("\n"),
        sign
          ? /web: refused the entry of the cache .*is not signed by a trusted key/
          : /web: refused the entry of the cache .*is not signed$/m,
      );
      assert.deepEqual((await machine("three", { from: place }, { verify: { [place]: own.publicKey } })).opened, []);
      assert.deepEqual((await machine("four", { from: place }, { verify: { [registry.host]: other.publicKey } })).opened.sort(), [
        "kernel",
        "web",
      ]);
    });
  }

  test("makes again what this computer took without a signature, once signatures are asked for", async (context) => {
    const registry = await start(context);
    const place = `${registry.host}/cache`;
    await machine("one", { to: place, sign: other.privateKey });
    const wanted = { verify: { [place]: own.publicKey } };
    assert.deepEqual((await machine("two", { from: place })).opened, []);
    assert.deepEqual((await machine("two", {})).opened, [], "no signature is asked for");
    assert.deepEqual((await machine("two", {}, wanted)).opened.sort(), ["kernel", "web"]);
    assert.deepEqual((await machine("two", {}, wanted)).opened, [], "it is this computer's own now");
    const signed = await machine("three", { from: place }, { verify: { [place]: other.publicKey } });
    assert.deepEqual(signed.opened, []);
    assert.deepEqual((await machine("three", {}, { verify: { [registry.host]: other.publicKey } })).opened, [], "the same key");
    assert.deepEqual((await machine("three", { sign: own.privateKey })).opened.sort(), ["kernel", "web"]);
  });

  test("refuses a signed entry of another key under this key's tag", async (context) => {
    const registry = await start(context);
    const place = `${registry.host}/cache`;
    await machine("one", { to: place, sign: own.privateKey });
    const documents = registry.manifests.get("cache") as NonNullable<ReturnType<typeof registry.manifests.get>>;
    const [one, two] = [...documents.keys()].filter((name) => name.startsWith("key-")) as [string, string];
    // the other entry's content and signature, under this key
    const forged = JSON.parse(documents.get(two)?.bytes.toString() ?? "");
    forged.annotations["vnd.pulumi-linuxkit.key"] = one.slice("key-".length);
    documents.set(one, { mediaType: forged.mediaType, bytes: Buffer.from(JSON.stringify(forged)) });
    const { said } = await machine("two", { from: place }, { verify: { [place]: own.publicKey } });
    assert.match(said.join("\n"), /refused the entry of the cache .*is not signed by a trusted key/);
  });
});

describe("a cache that fails causes a warning, and is skipped for the rest of the build:", () => {
  for (const row of [
    { name: "it answers 500", options: { fault: () => ({ status: 500 }) }, says: /is skipped for the rest of this build: .*500/ },
    {
      name: "it requires a login",
      options: { login: { kind: "token", username: "u", password: "p" } as const },
      says: /is skipped for the rest of this build/,
    },
    {
      name: "it refuses pushes",
      options: { fault: ({ method = "" }) => (["GET", "HEAD"].includes(method) ? undefined : { status: 403 }) } satisfies RegistryOptions,
      says: /is skipped for the rest of this build: .*lack permission/,
    },
  ]) {
    test(row.name, async (context) => {
      const registry = await start(context, row.options);
      const { artifact, said, opened } = await machine("one", { from: `${registry.host}/cache`, to: `${registry.host}/cache` });
      assert.equal(artifact.files.length, 3);
      assert.deepEqual(opened.sort(), ["kernel", "web"]);
      assert.match(said.join("\n"), row.says);
      assert.ok(said.length <= 3, said.join("\n"));
    });
  }

  test("it cannot be reached", async () => {
    const { artifact, said } = await machine("one", { from: `127.0.0.1:${await freePort()}/cache` });
    assert.equal(artifact.files.length, 3);
    assert.match(said.join("\n"), /is skipped for the rest of this build: .*connection failed/);
  });

  test("an aborted build fails with CANCELLED", async (context) => {
    const abort = new AbortController();
    const registry = await start(context, {
      fault() {
        abort.abort();
        return { silent: true };
      },
    });
    await assert.rejects(machine("one", { from: `${registry.host}/cache` }, { signal: abort.signal }), { code: "CANCELLED" });
    assert.deepEqual(await readdir(join(folder, "one", "out")).catch(() => []), []);
  });
});

describe("an invalid cache option is refused:", () => {
  for (const [cache, path, message] of [
    [
      { to: "registry.example.com/cache:1" },
      "cache.to",
      /cache\.to: got "registry\.example\.com\/cache:1", wanted a repository without tag or digest/,
    ],
    [{ from: ["registry.example.com/a", `registry.example.com/b@${digestOf("")}`] }, "cache.from[1]", /cache\.from\[1\]: got/],
    [{ to: "r.example/a", sign: "word" }, "cache.sign", /^cache\.sign: got no key/],
    [{ from: "oci:./cache" }, "cache.from", /wanted a reference into a registry/],
  ] as const) {
    test(JSON.stringify(cache), () => {
      assert.throws(
        () => openRegistryCache(cache, {}),
        (error) => {
          assert.ok(isLinuxKitError(error, "INVALID_DEFINITION"));
          assert.match(error.message, message);
          assert.equal(error.detail.path, path);
          return true;
        },
      );
    });
  }
});
