import { collect } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { LinuxKitError } from "../core/errors.ts";
import type { ContentSource } from "./content.ts";
import type { Descriptor } from "./descriptor.ts";
import { parseIndex } from "./image-index.ts";
import { MANIFEST_LIMIT, parseManifest } from "./manifest.ts";
import { openSource, type SourceOptions } from "./open-source.ts";
import { parseReference } from "./reference.ts";

const TYPE = "vnd.docker.reference.type";
const SUBJECT = "vnd.docker.reference.digest";
const PREDICATE = "in-toto.io/predicate-type";
const STATEMENT = "application/vnd.in-toto+json";
const SPDX = "https://spdx.dev/Document";

/** Most manifests, and most statements, that attest one image: BuildKit makes one manifest for each image. */
const ATTESTATIONS_MAX = 64;

/**
 * Finds the SPDX documents that an image's builder put into its index, as BuildKit and LinuxKit do: in-toto statements.
 * Only their manifests are fetched; the result is the descriptors of the statements.
 *
 * @param index the image's index, which the store must hold
 * @param manifest digest of the image's manifest for one platform
 * @throws NOT_FOUND, ACCESS_DENIED, NETWORK, TIMEOUT, CORRUPT, DIGEST_MISMATCH, TOO_LARGE, CANCELLED
 */
export async function findSboms(reference: string, index: Descriptor, manifest: Digest, options: SourceOptions): Promise<Descriptor[]> {
  const { manifests } = parseIndex(
    await collect(options.store.open(index.digest), MANIFEST_LIMIT),
    `index of ${reference}`,
    index.mediaType || undefined,
  );
  const attesting = manifests.filter(
    ({ annotations }) => annotations?.[TYPE] === "attestation-manifest" && annotations[SUBJECT] === manifest,
  );
  if (attesting.length === 0) return [];
  const source = await openSource(parseReference(reference), options);
  const found: Descriptor[] = [];
  refuseMany(reference, attesting.length);
  for (const descriptor of attesting) {
    found.push(...(await statements(source, descriptor, reference)));
    refuseMany(reference, found.length);
  }
  return found;
}

function refuseMany(reference: string, got: number): void {
  if (got <= ATTESTATIONS_MAX) return;
  throw new LinuxKitError("TOO_LARGE", `${reference}: got ${got} attestations of one image, wanted at most ${ATTESTATIONS_MAX}`, {
    what: reference,
    limit: ATTESTATIONS_MAX,
    got,
  });
}

async function statements(source: ContentSource, { digest, mediaType }: Descriptor, reference: string): Promise<Descriptor[]> {
  const { bytes } = await source.document(digest);
  const { layers } = parseManifest(bytes, `attestations of ${reference}`, mediaType);
  return layers
    .filter((layer) => layer.mediaType === STATEMENT && layer.annotations?.[PREDICATE] === SPDX)
    .map(({ mediaType: type, digest: blob, size }) => ({ mediaType: type, digest: blob, size }));
}
