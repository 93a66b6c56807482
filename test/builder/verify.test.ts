import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileEntry } from "../../sdk/archive/entry.ts";
import { createRegistryClient } from "../../sdk/oci/registry/client.ts";
import { MEDIA_TYPE } from "../../sdk/oci/media-type.ts";
import { signingKey } from "../../sdk/sign/key.ts";
import { signImage } from "../../sdk/sign/sign-image.ts";
import { buildTree } from "../support/case-build.ts";
import { TestRegistry } from "../support/registry.ts";
import { addImage } from "../support/test-image.ts";

const { publicKey, privateKey } = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const registry = await TestRegistry.start({ referrers: true });
const folder = await mkdtemp(join(tmpdir(), "verify-"));
after(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** An index of two platforms under a tag, like every LinuxKit image. */
async function addTwo(name: string, content: string) {
  const manifests = await Promise.all(
    ["amd64", "arm64"].map(async (architecture) => ({
      ...(await addImage(registry, name, [[fileEntry("file", content)]], { architecture })),
      platform: { os: "linux", architecture },
    })),
  );
  return registry.addManifest(name, { schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests } as object, "1");
}

const sign = (name: string, image: Parameters<typeof signImage>[1]) =>
  signImage(
    createRegistryClient({ auth: async () => undefined }).repository(registry.host, name, "pull,push"),
    image,
    signingKey(privateKey),
    ["bundle"],
  );
const verify = { [registry.host]: publicKey };
const yaml = (name: string) => `init: ["${registry.host}/${name}:1"]\n`;

await sign("signed", await addTwo("signed", "signed"));
await addTwo("plain", "plain");

describe("with a rule", () => {
  test("a signed image is built, and the lock records the signed digest", async () => {
    const { built } = await buildTree(yaml("signed"), folder, { verify, name: "a" });
    assert.deepEqual(Object.keys(built.lock.signed ?? {}), [`${registry.host}/signed:1`]);
  });

  test("an unsigned image is refused before any of its layers is fetched", async () => {
    const before = registry.requests.length;
    const outputDir = join(folder, "refused");
    await assert.rejects(buildTree(yaml("plain"), folder, { verify, outputDir, cacheDir: join(folder, "empty") }), {
      code: "SIGNATURE_INVALID",
      message: /^init\[0\]: .*plain@sha256:.*: it is not signed/,
    });
    assert.deepEqual(await readdir(outputDir).catch(() => []), []);
    const blobs = registry.requests.slice(before).filter(({ path }) => path.includes("/blobs/"));
    assert.equal(blobs.length, 1, "the configuration alone");
  });

  test("an image without a rule needs no signature", async () => {
    await buildTree(yaml("plain"), folder, { verify: { "docker.io": publicKey }, name: "b" });
  });

  test("a locked image is verified again after its tag has moved", async () => {
    await sign("moving", await addTwo("moving", "one"));
    const first = await buildTree(yaml("moving"), folder, { verify, name: "c" });
    await addTwo("moving", "two");
    const again = await buildTree(yaml("moving"), folder, { verify, name: "d", lock: first.built.lock });
    assert.equal(again.built.digest, first.built.digest);
    await assert.rejects(buildTree(yaml("moving"), folder, { verify, name: "e", lock: first.built.lock, update: "always" }), {
      code: "SIGNATURE_INVALID",
    });
  });

  test("a lock older than the rule is valid while the tag points to the same image", async () => {
    await sign("older", await addTwo("older", "one"));
    const { lock } = (await buildTree(yaml("older"), folder, { name: "f" })).built;
    assert.equal(lock.signed, undefined);
    assert.ok((await buildTree(yaml("older"), folder, { verify, name: "g", lock })).built.lock.signed);
    await addTwo("older", "two");
    await assert.rejects(buildTree(yaml("older"), folder, { verify, name: "h", lock }), { code: "SIGNATURE_INVALID" });
  });

  test("a lock whose signed index has another image is refused", async () => {
    const { lock } = (await buildTree(yaml("signed"), folder, { verify, name: "i" })).built;
    const other = (await buildTree(yaml("plain"), folder, { name: "j" })).built.lock;
    const forged = { ...lock, images: { [`${registry.host}/signed:1`]: Object.values(other.images)[0] as `sha256:${string}` } };
    await assert.rejects(buildTree(yaml("signed"), folder, { verify, name: "k", lock: forged }), {
      code: "SIGNATURE_INVALID",
      message: /wanted .*, as the lock has it$/,
    });
  });

  test("the OCI layout of a volume must be signed too", async () => {
    const volume = (name: string) => `volumes: [{name: v, image: "${registry.host}/${name}:1", format: oci}]\n`;
    await buildTree(volume("signed"), folder, { verify, name: "l" });
    await assert.rejects(buildTree(volume("plain"), folder, { verify, name: "m" }), {
      code: "SIGNATURE_INVALID",
      message: /^volumes\.v\.image: /,
    });
  });
});
