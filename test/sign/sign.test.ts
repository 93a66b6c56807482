import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyPairKeyObjectResult } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { digestOf } from "../../sdk/core/digest.ts";
import { parseReference, type RegistryReference } from "../../sdk/oci/reference.ts";
import { createRegistryClient } from "../../sdk/oci/registry/client.ts";
import { pushArtifact } from "../../sdk/oci/registry/artifact.ts";
import { BUNDLE, isBundleOf, makeBundle, preAuthEncoding } from "../../sdk/sign/bundle.ts";
import { signingKey, verifyingKey } from "../../sdk/sign/key.ts";
import { pushSigned } from "../../sdk/sign/push-signed.ts";
import { signImage } from "../../sdk/sign/sign-image.ts";
import type { SignatureForm } from "../../sdk/sign/verify-image.ts";
import { isPayloadOf, simplePayload } from "../../sdk/sign/simple-signing.ts";
import { verifyImage } from "../../sdk/sign/verify-image.ts";
import { keysFor } from "../../sdk/sign/verify-rules.ts";
import { TestRegistry } from "../support/registry.ts";
import { addImage } from "../support/test-image.ts";

const pem = ({ publicKey, privateKey }: KeyPairKeyObjectResult) => ({
  publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
  privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
});
const PAIRS = {
  ECDSA: pem(generateKeyPairSync("ec", { namedCurve: "P-256" })),
  Ed25519: pem(generateKeyPairSync("ed25519")),
  RSA: pem(generateKeyPairSync("rsa", { modulusLength: 2048 })),
};
const OTHER = pem(generateKeyPairSync("ec", { namedCurve: "P-256" }));
const IMAGE = `sha256:${"1".repeat(64)}` as const;
const ANOTHER = `sha256:${"2".repeat(64)}` as const;

async function world(options: { readonly referrers?: boolean } = {}) {
  const registry = await TestRegistry.start(options);
  const image = await addImage(registry, "a/b", [[]]);
  const repository = createRegistryClient({ auth: async () => undefined }).repository(registry.host, "a/b", "pull,push");
  return { registry, image, repository, [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose]() };
}

describe("a signature is verified by its own key only", () => {
  for (const [type, pair] of Object.entries(PAIRS)) {
    for (const forms of [["bundle"], ["tag"]] as SignatureForm[][]) {
      for (const referrers of [true, false]) {
        test(`${type}, ${forms}, ${referrers ? "with" : "without"} the referrers API`, async () => {
          await using all = await world({ referrers });
          await signImage(all.repository, all.image, signingKey(pair.privateKey), forms);
          await verifyImage(all.repository, all.image.digest, [verifyingKey(OTHER.publicKey, ""), verifyingKey(pair.publicKey, "")]);
          await assert.rejects(verifyImage(all.repository, all.image.digest, [verifyingKey(OTHER.publicKey, "")]), {
            code: "SIGNATURE_INVALID",
            message: /none of its 1 signatures is by a trusted key/,
          });
        });
      }
    }
  }
});

describe("verifyImage", () => {
  const key = signingKey(PAIRS.ECDSA.privateKey);
  const keys = [verifyingKey(PAIRS.ECDSA.publicKey, "")];

  test("refuses an image without a signature", async () => {
    await using all = await world();
    await assert.rejects(verifyImage(all.repository, all.image.digest, keys), {
      code: "SIGNATURE_INVALID",
      message: /a\/b@sha256:.*: it is not signed/,
    });
  });

  test("refuses another image's signature under this image's tag", async () => {
    await using all = await world();
    const theirs = await addImage(all.registry, "a/b", [[]], { architecture: "arm64" });
    await signImage(all.repository, theirs, key);
    const documents = all.registry.manifests.get("a/b");
    const moved = documents?.get(`sha256-${theirs.digest.slice(7)}.sig`);
    assert.ok(moved);
    documents?.set(`sha256-${all.image.digest.slice(7)}.sig`, moved);
    const bundle = await makeBundle(theirs.digest, key);
    await pushArtifact(all.repository, { artifactType: BUNDLE, subject: all.image, blobs: [{ mediaType: BUNDLE, content: bundle }] });
    await assert.rejects(verifyImage(all.repository, all.image.digest, keys), { code: "SIGNATURE_INVALID", message: /none of its 2/ });
    await verifyImage(all.repository, theirs.digest, keys);
  });

  test("refuses malformed bundles", async () => {
    await using all = await world();
    for (const content of [
      "",
      "{",
      "{}",
      '{"dsseEnvelope":{"payload":"!","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":""}]}}',
    ]) {
      await pushArtifact(all.repository, {
        artifactType: BUNDLE,
        subject: all.image,
        blobs: [{ mediaType: BUNDLE, content: Buffer.from(content) }],
      });
    }
    await assert.rejects(verifyImage(all.repository, all.image.digest, keys), { code: "SIGNATURE_INVALID", message: /none of its 4/ });
  });

  test("finds each of several signatures under one tag", async () => {
    await using all = await world();
    await signImage(all.repository, all.image, signingKey(OTHER.privateKey), ["tag"]);
    await signImage(all.repository, all.image, key, ["tag"]);
    await verifyImage(all.repository, all.image.digest, keys);
    await verifyImage(all.repository, all.image.digest, [verifyingKey(OTHER.publicKey, "")]);
  });
});

test("an image is signed before its tag is set", async () => {
  await using all = await world({ referrers: true });
  const store = new BlobStore(await mkdtemp(join(tmpdir(), "sign-")));
  after(() => rm(store.directory, { recursive: true }));
  for (const bytes of [
    ...(all.registry.blobs.get("a/b")?.values() ?? []),
    all.registry.manifests.get("a/b")?.get(all.image.digest)?.bytes ?? Buffer.alloc(0),
  ]) {
    await store.put([bytes], { digest: digestOf(bytes), size: bytes.length });
  }
  const target = createRegistryClient({ auth: async () => undefined }).repository(all.registry.host, "c", "pull,push");
  await pushSigned(target, all.image, "1", store, { key: signingKey(PAIRS.ECDSA.privateKey) });
  await verifyImage(target, all.image.digest, [verifyingKey(PAIRS.ECDSA.publicKey, "")]);
  const put = all.registry.seen(/^PUT .*\/c\/manifests\//).map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
  assert.equal(put.at(-1), "1");
  assert.ok(put.includes(`sha256-${all.image.digest.slice(7)}.sig`));
});

describe("a bundle", () => {
  const key = signingKey(PAIRS.ECDSA.privateKey);
  const keys = [verifyingKey(PAIRS.ECDSA.publicKey, "")];

  test("signs its own image only", async () => {
    const bundle = await makeBundle(IMAGE, key);
    assert.equal(isBundleOf(bundle, IMAGE, keys), true);
    assert.equal(isBundleOf(bundle, ANOTHER, keys), false);
    assert.equal(isBundleOf(bundle, IMAGE, []), false);
  });
  test("with an altered payload is not a signature", async () => {
    const bundle = JSON.parse((await makeBundle(IMAGE, key)).toString());
    bundle.dsseEnvelope.payload = Buffer.from(
      Buffer.from(bundle.dsseEnvelope.payload, "base64").toString().replace("1".repeat(64), "2".repeat(64)),
    ).toString("base64");
    assert.equal(isBundleOf(Buffer.from(JSON.stringify(bundle)), ANOTHER, keys), false);
  });
  test("with another predicate is not a signature", async () => {
    const bundle = JSON.parse((await makeBundle(IMAGE, key)).toString());
    const payload = Buffer.from(
      Buffer.from(bundle.dsseEnvelope.payload, "base64")
        .toString()
        .replace("https://sigstore.dev/cosign/sign/v1", "https://slsa.dev/provenance/v1"),
    );
    bundle.dsseEnvelope.payload = payload.toString("base64");
    bundle.dsseEnvelope.signatures[0].sig = Buffer.from(await key.sign(preAuthEncoding("application/vnd.in-toto+json", payload))).toString(
      "base64",
    );
    assert.equal(isBundleOf(Buffer.from(JSON.stringify(bundle)), IMAGE, keys), false);
  });
  test("is encoded for signing as in DSSE's example", () => {
    assert.equal(
      preAuthEncoding("http://example.com/HelloWorld", Buffer.from("hello world")).toString(),
      "DSSEv1 29 http://example.com/HelloWorld 11 hello world",
    );
  });
});

test("a payload names its own image only", () => {
  assert.equal(isPayloadOf(simplePayload(IMAGE, "a/b"), IMAGE), true);
  assert.equal(isPayloadOf(simplePayload(IMAGE, "a/b"), ANOTHER), false);
  assert.equal(isPayloadOf(Buffer.from("{"), IMAGE), false);
});

describe("verify rules", () => {
  const { publicKey } = PAIRS.ECDSA;
  const hints = (reference: string, rules: Parameters<typeof keysFor>[1]) =>
    keysFor(parseReference(reference) as RegistryReference, rules)?.length;
  for (const row of [
    { reference: "nginx:1", rules: { "docker.io": publicKey }, want: 1 },
    { reference: "linuxkit/init:1", rules: { "docker.io": publicKey, "docker.io/linuxkit": [publicKey, OTHER.publicKey] }, want: 2 },
    { reference: "linuxkit/init:1", rules: { "index.docker.io/linuxkit/": publicKey }, want: 1 },
    { reference: "linuxkits/init:1", rules: { "docker.io/linuxkit": publicKey }, want: undefined },
    { reference: "ghcr.io/a/b@sha256:".padEnd(83, "1"), rules: { "docker.io": publicKey }, want: undefined },
    { reference: "localhost:5000/a", rules: { "localhost:5000": publicKey }, want: 1 },
    { reference: "nginx", rules: undefined, want: undefined },
  ]) {
    test(`give ${row.want ?? "no"} keys for ${row.reference} under ${Object.keys(row.rules ?? {}).join(" and ") || "no rule"}`, () =>
      assert.equal(hints(row.reference, row.rules), row.want));
  }
  for (const row of [
    {
      rules: { linuxkit: publicKey },
      message: /^verify\.linuxkit: got a name that begins with no registry, wanted one as "docker.io\/linuxkit"/,
    },
    { rules: { "docker.io": "cosign.pub" }, message: /^verify\["docker.io"\]: got no key, wanted one as PEM/ },
    { rules: { "docker.io": PAIRS.ECDSA.privateKey }, message: /got a private key, wanted the public one/ },
    { rules: { "docker.io": [] }, message: /got an empty list, wanted one key/ },
  ]) {
    test(`are refused with ${row.message}`, () =>
      assert.throws(() => hints("nginx", row.rules), { code: "INVALID_DEFINITION", message: row.message }));
  }
  test("cosign's own encrypted key is refused, and the error names the PKCS #8 key", () => {
    assert.throws(() => signingKey("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n"), { code: "UNSUPPORTED", message: /PKCS #8/ });
  });
});
