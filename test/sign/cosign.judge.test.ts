import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { resolveTag } from "../../sdk/oci/registry/pull.ts";
import { createRegistryClient } from "../../sdk/oci/registry/client.ts";
import { MEDIA_TYPE } from "../../sdk/oci/media-type.ts";
import { signingKey } from "../../sdk/sign/key.ts";
import { signImage } from "../../sdk/sign/sign-image.ts";
import { buildTree } from "../support/case-build.ts";
import { conformanceImages, writeImages } from "../support/conformance-images.ts";
import { DockerRegistry } from "../support/docker-registry.ts";
import { withGoProgram } from "../support/go-program.ts";
import { mustRun, runTool } from "../support/run-tool.ts";

const folder = await mkdtemp(join(tmpdir(), "cosign-"));
const registry = await DockerRegistry.start();
after(async () => {
  await registry[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});
await withGoProgram("cosign");
// the keys of these tests have no passphrase; HOME keeps the user's own cosign files out of them
Object.assign(process.env, { COSIGN_PASSWORD: "", HOME: folder });

const layout = join(folder, "images");
const images = await conformanceImages();
await writeImages(images, layout);
const pem = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
await writeFile(join(folder, "own.pem"), pem.privateKey);
await mustRun("cosign", "import-key-pair", "--key", join(folder, "own.pem"), "--output-key-prefix", join(folder, "own"));
const other = generateKeyPairSync("ec", {
  namedCurve: "P-256",
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
}).publicKey;
await writeFile(join(folder, "other.pub"), other);

/** A separate repository for each test, with an image of two platforms. */
async function copyTo(name: string): Promise<string> {
  const reference = `${registry.host}/${name}:1`;
  await mustRun("skopeo", "copy", "--all", "--dest-tls-verify=false", `oci:${layout}:docker.io/conf/plain:1`, `docker://${reference}`);
  return reference;
}

const FORMS = { bundle: "--new-bundle-format=true", tag: "--new-bundle-format=false" } as const;

describe("a build accepts cosign's signature, and refuses another key", () => {
  for (const [form, flag] of Object.entries(FORMS)) {
    test(`as a ${form}`, async () => {
      const reference = await copyTo(`theirs-${form}`);
      const build = (key: string, name: string) =>
        buildTree(`init: ["${reference}"]\n`, folder, { name, verify: { [registry.host]: key } });
      const publicKey = await readFile(join(folder, "own.pub"), "utf8");
      await assert.rejects(build(publicKey, "before"), { code: "SIGNATURE_INVALID", message: /it is not signed/ });
      await mustRun(
        "cosign",
        "sign",
        "--yes",
        "--key",
        join(folder, "own.key"),
        flag,
        "--use-signing-config=false",
        "--tlog-upload=false",
        "--allow-http-registry",
        reference,
      );
      await build(publicKey, "after");
      await assert.rejects(build(other, "other"), { code: "SIGNATURE_INVALID", message: /none of its 1 signatures/ });
    });
  }
});

describe("cosign accepts a signature of signImage, and refuses another key", () => {
  for (const form of ["bundle", "tag"] as const) {
    test(`as a ${form}`, async () => {
      const reference = await copyTo(`ours-${form}`);
      const repository = createRegistryClient({ auth: async () => undefined }).repository(registry.host, `ours-${form}`, "pull,push");
      const digest = await resolveTag(repository, "1");
      const image = images.index.manifests.find((manifest) => manifest.digest === digest);
      assert.ok(image);
      await signImage(repository, { mediaType: MEDIA_TYPE.ociIndex, digest: image.digest, size: image.size }, signingKey(pem.privateKey), [
        form,
      ]);
      const verify = (key: string) =>
        runTool("cosign", "verify", "--key", join(folder, key), "--insecure-ignore-tlog", "--allow-http-registry", reference);
      const right = await verify("own.pub");
      assert.equal(right.status, 0, right.output);
      assert.match(right.output, new RegExp(digest ?? ""));
      assert.notEqual((await verify("other.pub")).status, 0);
    });
  }
});
