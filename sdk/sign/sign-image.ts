import { type Digest, digestOf } from "../core/digest.ts";
import { isLinuxKitError } from "../core/errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { type Manifest, parseManifest } from "../oci/manifest.ts";
import { MEDIA_TYPE } from "../oci/media-type.ts";
import { pushArtifact } from "../oci/registry/artifact.ts";
import type { Repository } from "../oci/registry/client.ts";
import { fetchManifest } from "../oci/registry/pull.ts";
import { pushManifest } from "../oci/registry/push.ts";
import { pushBlob } from "../oci/registry/push-blob.ts";
import { BUNDLE, makeBundle, SIGN_PREDICATE } from "./bundle.ts";
import type { SigningKey } from "./key.ts";
import { isSigned, type SignatureForm } from "./verify-image.ts";
import { SIGNATURE_ANNOTATION, signatureTag, SIMPLE_SIGNING, simplePayload } from "./simple-signing.ts";

/**
 * Signs an image of a repository and pushes the signature there, unless the image has one by this key. Signatures of
 * other keys stay. Nothing is sent to a transparency log, and a signature holds no time.
 *
 * @param repository must be opened to push
 * @param image the descriptor of the manifest or index
 * @param forms @default both
 * @throws as `pushBlob`, `pushManifest` and `listReferrers`
 */
export async function signImage(
  repository: Repository,
  image: Descriptor,
  key: SigningKey,
  forms: readonly SignatureForm[] = ["bundle", "tag"],
): Promise<void> {
  const isMissing = async (form: SignatureForm) => forms.includes(form) && !(await isSigned(repository, image.digest, [key], form));
  if (await isMissing("bundle")) {
    const blobs = [{ mediaType: BUNDLE, content: await makeBundle(image.digest, key) }];
    const annotations = { "dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": SIGN_PREDICATE };
    await pushArtifact(repository, { artifactType: BUNDLE, subject: image, blobs, annotations });
  }
  if (await isMissing("tag")) await addToTag(repository, image.digest, key);
}

async function addToTag(repository: Repository, image: Digest, key: SigningKey): Promise<void> {
  const payload = simplePayload(image, repository.name);
  const signature = Buffer.from(await key.sign(payload)).toString("base64");
  const layer = {
    mediaType: SIMPLE_SIGNING,
    digest: digestOf(payload),
    size: payload.length,
    annotations: { [SIGNATURE_ANNOTATION]: signature },
  };
  const tag = signatureTag(image);
  const layers = [...((await heldManifest(repository, tag))?.layers ?? []), layer];
  const config = Buffer.from(
    JSON.stringify({
      architecture: "",
      created: "0001-01-01T00:00:00Z",
      history: layers.map(() => ({ created: "0001-01-01T00:00:00Z" })),
      os: "",
      rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
      config: {},
    }),
  );
  const configured = { mediaType: MEDIA_TYPE.ociConfig, digest: digestOf(config), size: config.length };
  await pushBlob(repository, layer, [payload]);
  await pushBlob(repository, configured, [config]);
  const manifest = { schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config: configured, layers };
  await pushManifest(repository, Buffer.from(JSON.stringify(manifest)), MEDIA_TYPE.ociManifest, tag);
}

async function heldManifest(repository: Repository, tag: string): Promise<Manifest | undefined> {
  try {
    const { bytes, descriptor } = await fetchManifest(repository, tag);
    return parseManifest(bytes, repository.named(tag), descriptor.mediaType);
  } catch (error) {
    if (isLinuxKitError(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}
