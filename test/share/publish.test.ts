import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, test } from "node:test";
import { build, type BuildOptions, type Built } from "../../sdk/builder/build.ts";
import { publicationOf, publish } from "../../sdk/builder/publish.ts";
import { pull } from "../../sdk/builder/pull.ts";
import { digestOf } from "../../sdk/core/digest.ts";
import type { Progress } from "../../sdk/core/progress.ts";
import { Image } from "../../sdk/definition/image.ts";
import { createRegistryClient } from "../../sdk/oci/registry/client.ts";
import { fetchManifest } from "../../sdk/oci/registry/pull.ts";
import { listReferrers } from "../../sdk/oci/registry/referrers.ts";
import { verifyingKey } from "../../sdk/sign/key.ts";
import { verifyImage } from "../../sdk/sign/verify-image.ts";
import type { Plan } from "../../sdk/plan/plan.ts";
import { buildIn } from "../support/case-build.ts";
import { conformanceImages, serveImages } from "../support/conformance-images.ts";
import { type Fault, TestRegistry } from "../support/registry.ts";

const folder = await mkdtemp(join(tmpdir(), "publish-"));
let fault: ((line: string) => Fault | undefined) | undefined;
const registry = await TestRegistry.start({ fault: ({ method, url }) => fault?.(`${method} ${url}`) });
const upstream = await TestRegistry.start();
serveImages(await conformanceImages(), upstream);
after(async () => {
  await registry[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  fault = undefined;
});

const keys = () =>
  generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "word" },
  });
const [own, other] = [keys(), keys()];
const sign = { key: own.privateKey, passphrase: "word" };

const os = Image.fromYaml(
  `kernel: {image: "conf/kernel:1", cmdline: "console=ttyS0"}\ninit: ["conf/init:1"]\nservices: [{name: web, image: "conf/web:1"}]\n`,
);
let builds = 0;
const make = (options: Partial<BuildOptions>, image = os) =>
  build(image, {
    ...buildIn(folder, { outputDir: join(folder, String(builds++)), registryMirrors: { "docker.io": upstream.url } }),
    format: "kernel+initrd",
    ...options,
  });
const fetched = (reference: string, options: object = {}) =>
  pull(reference, { outputDir: join(folder, String(builds++)), registryAuth: async () => undefined, ...options });
const repositoryOf = (name: string) => createRegistryClient({ auth: async () => undefined }).repository(registry.host, name);
const json = async (name: string, tagOrDigest: string) =>
  JSON.parse(Buffer.from((await fetchManifest(repositoryOf(name), tagOrDigest)).bytes).toString());
const writes = () => registry.seen(/^(POST|PUT|PATCH|DELETE) /).length;

describe("push", () => {
  test("stores an index, a manifest with a layer for each file, and the SBOM as its referrer", async () => {
    const built = await make({ push: `${registry.host}/team/os:1` });
    const [, digest = ""] = (built.pushed ?? "").split("@");
    assert.equal(built.pushed, `${registry.host}/team/os@${digest}`);
    const index = await json("team/os", "1");
    assert.equal(digestOf(JSON.stringify(index)), digest);
    assert.deepEqual(
      index.manifests.map(({ platform }: { platform: object }) => platform),
      [{ architecture: "amd64", os: "linux" }],
    );
    const manifest = await json("team/os", index.manifests[0].digest);
    assert.equal(manifest.artifactType, "application/vnd.pulumi-linuxkit.os.v1");
    assert.equal(manifest.annotations["vnd.pulumi-linuxkit.plan.digest"], built.planDigest);
    assert.equal(manifest.annotations["vnd.pulumi-linuxkit.digest"], built.digest);
    const files = built.files.filter(({ role }) => role !== "sbom");
    assert.deepEqual(
      manifest.layers.map(({ digest, size, annotations }: { digest: string; size: number; annotations: Record<string, string> }) => [
        annotations["vnd.pulumi-linuxkit.role"],
        annotations["org.opencontainers.image.title"],
        size,
        digest,
      ]),
      files.map(({ role, name, size, sha256 }) => [role, name, size, `sha256:${sha256}`]),
    );
    const [sbom, ...more] = await listReferrers(repositoryOf("team/os"), index.manifests[0].digest, "application/spdx+json");
    assert.deepEqual(more, []);
    const document = registry.blobs.get("team/os")?.get((await json("team/os", sbom?.digest ?? "")).layers[0].digest);
    assert.ok(document?.equals(await readFile(built.files.find(({ role }) => role === "sbom")?.path ?? "")));
  });

  test("sends nothing the second time", async () => {
    const first = await make({ push: { to: `${registry.host}/twice:1`, sign } });
    const before = writes();
    const second = await make({ push: { to: `${registry.host}/twice:1`, sign } });
    assert.equal(second.pushed, first.pushed);
    assert.equal(writes(), before);
  });

  test("sets the tag last, after the signatures of manifest and index", async () => {
    const before = registry.requests.length;
    const { pushed = "" } = await make({ push: { to: `${registry.host}/signed:1`, sign } });
    const puts = registry.requests.slice(before).filter(({ method, path }) => method === "PUT" && path.startsWith("/v2/signed/manifests/"));
    assert.equal(puts.at(-1)?.path, "/v2/signed/manifests/1");
    const index = await json("signed", "1");
    for (const digest of [pushed.split("@")[1], index.manifests[0].digest])
      await verifyImage(repositoryOf("signed"), digest, [verifyingKey(own.publicKey, "")]);
  });

  test("keeps a tag's other architectures of the same definition, and drops those of another", async () => {
    const push = `${registry.host}/archs:1`;
    await make({ push });
    await make({ push, arch: "arm64" });
    const index = await json("archs", "1");
    assert.deepEqual(
      index.manifests.map(({ platform }: { platform: { architecture: string } }) => platform.architecture),
      ["amd64", "arm64"],
    );
    await make({ push, arch: "arm64" }, os.with({ kernel: { image: "conf/kernel:1", cmdline: "quiet" } }));
    assert.deepEqual(
      (await json("archs", "1")).manifests.map(({ platform }: { platform: { architecture: string } }) => platform.architecture),
      ["arm64"],
    );
  });

  test("mounts files from the cache in the same registry", async () => {
    const { files } = await make({ cache: { to: `${registry.host}/cache` }, push: `${registry.host}/mounted:1` });
    const kernel = files.find(({ role }) => role === "kernel");
    const mounts = registry.seen(/^POST \/v2\/mounted\/blobs\/uploads\/\?mount=.*from=cache/);
    assert.deepEqual(
      mounts.filter(({ status }) => status === 201).map(({ path }) => new URL(path, "http://x").searchParams.get("mount")),
      [`sha256:${kernel?.sha256}`],
    );
  });

  for (const [push, code, message] of [
    [`registry.example.com/os@sha256:${"0".repeat(64)}`, "INVALID_DEFINITION", /^push: got .*, wanted a tag/],
    [{ to: "oci:./x:1" }, "INVALID_DEFINITION", /^push\.to: got "oci:\.\/x:1", wanted a reference into a registry/],
    [{ to: "registry.example.com/os:1", sign: "x" }, "INVALID_DEFINITION", /^push\.sign: got no key/],
    [
      { to: "registry.example.com/os:1", sign: "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----" },
      "UNSUPPORTED",
      /^push\.sign: got a key in cosign's own encrypted format/,
    ],
  ] as const) {
    test(`to ${JSON.stringify(push).slice(0, 60)} is refused before anything is built`, async () => {
      await assert.rejects(make({ push, registryMirrors: { "docker.io": "http://127.0.0.1:1" } }), { code, message });
    });
  }

  test("fails with the name of the artifact when the registry refuses it", async () => {
    fault = (line) => (/^POST /.test(line) ? { status: 403 } : undefined);
    await assert.rejects(make({ push: `${registry.host}/closed:1` }), { code: "ACCESS_DENIED", message: /closed@sha256/ });
  });
});

describe("pull", async () => {
  const built = await make({ push: { to: `${registry.host}/os:1`, sign } });
  const reference = built.pushed ?? "";
  const index = await json("os", "1");
  const manifest = index.manifests[0].digest as string;

  for (const [what, from] of [
    ["the index", reference],
    ["the manifest of an architecture", `${registry.host}/os@${manifest}`],
  ] as const) {
    test(`by the digest of ${what} gives the files and facts of the build`, async () => {
      const got = await fetched(from, { verify: { [registry.host]: own.publicKey } });
      const whatItIs = ({ digest, planDigest, cmdline, lock }: Built) => JSON.parse(JSON.stringify({ digest, planDigest, cmdline, lock }));
      assert.deepEqual(whatItIs(got), whatItIs(built));
      assert.deepEqual(
        got.files.map(({ path, ...file }) => file),
        built.files.map(({ path, ...file }) => file),
      );
      for (const [at, { path }] of got.files.entries())
        assert.ok((await readFile(path)).equals(await readFile(built.files[at]?.path ?? "")));
      assert.deepEqual(
        got.segments.map(({ name }) => name),
        built.segments.map(({ name }) => name),
      );
    });
  }

  test("gives the build's memory, PCRs and block maps", async () => {
    const artifact = {
      ...built,
      memoryMiB: 123,
      pcrs: { 4: "4".repeat(64), 9: "9".repeat(64), 11: "a".repeat(64) },
      files: built.files.map((file) => (file.role === "initrd" ? { ...file, blocks: "QUJD" } : file)),
    };
    const plan = { digest: built.planDigest, arch: "amd64", cmdline: built.cmdline } as Plan;
    const pushed = await publish(
      publicationOf(`${registry.host}/known:1`),
      { definition: os.spec, artifact, plan, lock: built.lock, name: "os" },
      { registryAuth: async () => undefined },
    );
    const got = await fetched(pushed, { name: "box" });
    assert.deepEqual([got.memoryMiB, got.pcrs], [123, artifact.pcrs]);
    assert.deepEqual(
      got.files.map(({ name, blocks }) => [name, blocks]),
      [
        ["box-kernel", undefined],
        ["box-initrd.img", "QUJD"],
        ["box-cmdline", undefined],
        ["box-sbom.spdx.json", undefined],
      ],
    );
  });

  test("names the files as asked", async () => {
    const { files } = await fetched(reference, { name: "box" });
    assert.deepEqual(
      files.map(({ name }) => name),
      ["box-kernel", "box-initrd.img", "box-cmdline", "box-sbom.spdx.json"],
    );
  });

  test("gives a lock that builds the same bytes", async () => {
    const { lock, digest } = await fetched(reference);
    assert.equal((await make({ lock, cacheDir: join(folder, "fresh") })).digest, digest);
  });

  test("accepts a copy without the SBOM, and reports it", async () => {
    const sbom = JSON.parse(
      registry.blobs
        .get("os")
        ?.get((await json("os", manifest)).config.digest)
        ?.toString() ?? "",
    ).sbom.digest;
    const kept = registry.blobs.get("os")?.get(sbom) as Buffer;
    registry.blobs.get("os")?.delete(sbom);
    const told: Progress[] = [];
    const { files, digest } = await fetched(reference, { onProgress: (progress: Progress) => told.push(progress) });
    registry.addBlob("os", kept);
    assert.equal(digest, built.digest);
    assert.deepEqual(
      files.map(({ role }) => role),
      ["kernel", "initrd", "cmdline"],
    );
    assert.ok(told.some(({ message }) => /has no SBOM for this operating system/.test(message)));
  });

  const layer = (await json("os", manifest)).layers[1].digest as string;
  const config = (await json("os", manifest)).config.digest as string;
  const altered = (digest: string) => {
    const bytes = Buffer.from(registry.blobs.get("os")?.get(digest) ?? registry.manifests.get("os")?.get(digest)?.bytes ?? "");
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    return bytes;
  };
  for (const [name, digest, code] of [
    ["a file", layer, "DIGEST_MISMATCH"],
    ["the configuration", config, "DIGEST_MISMATCH"],
    ["the manifest", manifest, "DIGEST_MISMATCH"],
    ["the index", reference.split("@")[1] ?? "", "DIGEST_MISMATCH"],
  ] as const) {
    test(`refuses an artifact in which ${name} was altered, and leaves no file`, async () => {
      fault = (line) => (line.startsWith("GET ") && line.endsWith(digest) ? { body: altered(digest) } : undefined);
      const outputDir = join(folder, `tampered ${name}`);
      await assert.rejects(fetched(reference, { outputDir }), { code });
      assert.deepEqual(await readdir(outputDir).catch(() => []), []);
    });
  }

  const unsigned = (await make({ push: `${registry.host}/unsigned:1` })).pushed ?? "";
  for (const [name, from, options, code, message] of [
    [
      "signed by another key",
      reference,
      { verify: { [registry.host]: other.publicKey } },
      "SIGNATURE_INVALID",
      /none of its \d signatures/,
    ],
    ["without a signature", unsigned, { verify: { [registry.host]: own.publicKey } }, "SIGNATURE_INVALID", /it is not signed/],
    [
      "that no verify rule covers",
      reference,
      { verify: { "registry.example.com": own.publicKey } },
      "INVALID_DEFINITION",
      /^verify: got keys for registry\.example\.com, wanted one for 127/,
    ],
    [
      "without a digest",
      `${registry.host}/os:1`,
      {},
      "INVALID_DEFINITION",
      new RegExp(`^artifact: got .*wanted a digest.*; the tag currently points to ${reference.replaceAll(".", "\\.")}$`),
    ],
    ["without the wanted architecture", reference, { arch: "s390x" }, "NOT_FOUND", /has no linux\/s390x; it has linux\/amd64/],
    [
      "by a manifest for another architecture",
      `${registry.host}/os@${manifest}`,
      { arch: "arm64" },
      "NOT_FOUND",
      /is for amd64, wanted arm64/,
    ],
    ["that does not exist", `${registry.host}/os@sha256:${"0".repeat(64)}`, {}, "NOT_FOUND", /does not exist/],
  ] as const) {
    test(`refuses an artifact ${name}`, async () => {
      await assert.rejects(fetched(from, options), { code, message });
    });
  }

  test("refuses a container image", async () => {
    const [image] = [...(upstream.manifests.get("conf/web") ?? [])].filter(([, { mediaType }]) => mediaType.includes("index"));
    await assert.rejects(
      pull(`${upstream.host}/conf/web@${image?.[0]}`, { outputDir: join(folder, "image"), registryAuth: async () => undefined }),
      { code: "UNSUPPORTED", message: /is not an operating system that push published/ },
    );
  });
});
