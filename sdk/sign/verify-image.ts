import { collect } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { isLinuxKitError, LinuxKitError } from "../core/errors.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { type Manifest, parseManifest } from "../oci/manifest.ts";
import type { Repository } from "../oci/registry/client.ts";
import { fetchBlob, fetchManifest } from "../oci/registry/pull.ts";
import { listReferrers } from "../oci/registry/referrers.ts";
import { BUNDLE, isBundleOf } from "./bundle.ts";
import type { VerifyingKey } from "./key.ts";
import { isPayloadOf, SIGNATURE_ANNOTATION, signatureTag, SIMPLE_SIGNING } from "./simple-signing.ts";

/** Most bytes of a signature, and most signatures of an image that are checked: both are far above any honest use. */
const SIGNATURE_LIMIT = 1 << 20;
const SIGNATURES_MAX = 200;

/**
 * Verifies that an image is signed by one of the keys, as cosign signs: a layer under the tag `sha256-….sig`, or a
 * sigstore bundle that refers to the image. Malformed signatures and those of other keys are ignored. No transparency
 * log is asked.
 *
 * @param image digest of the manifest or index
 * @throws SIGNATURE_INVALID; and errors of the registry
 */
export async function verifyImage(repository: Repository, image: Digest, keys: readonly VerifyingKey[]): Promise<void> {
  let seen = 0;
  const count = (): void => {
    if (++seen > SIGNATURES_MAX)
      throw new LinuxKitError(
        "SIGNATURE_INVALID",
        `${repository.named(image)} has more than ${SIGNATURES_MAX} signatures, and none of the first ${SIGNATURES_MAX} is by a trusted key`,
        { source: repository.named(image) },
      );
  };
  for (const form of ["tag", "bundle"] as const) if (await isSigned(repository, image, keys, form, count)) return;
  const why =
    seen === 0 ? "it is not signed: found neither a .sig tag nor a bundle for it" : `none of its ${seen} signatures is by a trusted key`;
  throw new LinuxKitError("SIGNATURE_INVALID", `${repository.named(image)}: ${why}`, { source: repository.named(image) });
}

/** Where a signature is stored: `bundle`, which cosign 3 writes, or `tag`, which every cosign reads. */
export type SignatureForm = "bundle" | "tag";

/** Whether an image has a signature in one form by one of the keys. `count` is called for each signature that is checked. */
export async function isSigned(
  repository: Repository,
  image: Digest,
  keys: readonly VerifyingKey[],
  form: SignatureForm,
  count: () => void = () => {},
): Promise<boolean> {
  const listed = form === "tag" ? await taggedLayers(repository, image) : await listReferrers(repository, image, BUNDLE);
  const isRight = form === "tag" ? isSignedLayer : isSignedReferrer;
  for (const one of listed) {
    count();
    if (await isRight(repository, one, image, keys)) return true;
  }
  return false;
}

async function taggedLayers(repository: Repository, image: Digest): Promise<readonly Descriptor[]> {
  const tag = signatureTag(image);
  const manifest = await manifestOf(repository, tag);
  return manifest?.layers.filter(({ mediaType }) => mediaType === SIMPLE_SIGNING) ?? [];
}

async function isSignedLayer(repository: Repository, layer: Descriptor, image: Digest, keys: readonly VerifyingKey[]): Promise<boolean> {
  const signature = Buffer.from(layer.annotations?.[SIGNATURE_ANNOTATION] ?? "", "base64");
  if (signature.length === 0 || layer.size > SIGNATURE_LIMIT) return false;
  const payload = await collect(fetchBlob(repository, layer), SIGNATURE_LIMIT);
  return keys.some((key) => key.verify(payload, signature)) && isPayloadOf(payload, image);
}

async function isSignedReferrer(
  repository: Repository,
  referrer: Descriptor,
  image: Digest,
  keys: readonly VerifyingKey[],
): Promise<boolean> {
  const manifest = await manifestOf(repository, referrer.digest);
  for (const layer of manifest?.layers ?? []) {
    if (layer.mediaType !== BUNDLE || layer.size > SIGNATURE_LIMIT) continue;
    if (isBundleOf(await collect(fetchBlob(repository, layer), SIGNATURE_LIMIT), image, keys)) return true;
  }
  return false;
}

/** A manifest, or undefined where it does not exist or is malformed: neither is a signature. */
async function manifestOf(repository: Repository, tagOrDigest: string): Promise<Manifest | undefined> {
  try {
    const { bytes, descriptor } = await fetchManifest(repository, tagOrDigest);
    return parseManifest(bytes, repository.named(tagOrDigest), descriptor.mediaType);
  } catch (error) {
    if (isLinuxKitError(error, "NOT_FOUND") || isLinuxKitError(error, "CORRUPT")) return undefined;
    throw error;
  }
}
