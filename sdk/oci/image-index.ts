import { z } from "zod";
import { LinuxKitError } from "../core/errors.ts";
import { listOf } from "../schema/list-of.ts";
import { type Descriptor, type Platform, annotationsSchema, descriptorSchema, nameSchema, optional } from "./descriptor.ts";
import { parseDocument } from "./document.ts";
import { MANIFEST_LIMIT } from "./manifest.ts";
import { MEDIA_TYPE, isIndexType, isManifestType } from "./media-type.ts";

/** An image index (image-spec, image-index.md), or Docker's manifest list. */
export interface ImageIndex {
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
  readonly artifactType?: string | undefined;
  readonly subject?: Descriptor | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

const indexSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: optional(nameSchema),
  manifests: z
    .array(z.unknown())
    .max(10_000)
    .transform((manifests) => manifests.filter((manifest) => !isOfAnotherAlgorithm(manifest)))
    .pipe(listOf(descriptorSchema)),
  artifactType: optional(z.string()),
  subject: optional(descriptorSchema),
  annotations: optional(annotationsSchema),
});

// a digest of a registered algorithm other than sha256 (image-spec, descriptor.md, Registered Algorithms) is valid: its
// entry is left out, and does not make its siblings invalid
function isOfAnotherAlgorithm(manifest: unknown): boolean {
  const { digest } = (manifest ?? {}) as { readonly digest?: unknown };
  return typeof digest === "string" && /^(?:sha512:[0-9a-f]{128}|blake3:[0-9a-f]{64})$/.test(digest);
}

/**
 * Parses an index (image-spec, image-index.md).
 *
 * @param what names it in messages
 * @param mediaType the type that its descriptor or the registry's answer claims; the document's own must agree
 * @throws CORRUPT; TOO_LARGE above {@link MANIFEST_LIMIT}
 */
export function parseIndex(bytes: Uint8Array, what: string, mediaType?: string): ImageIndex {
  const { schemaVersion: _, ...index } = parseDocument(indexSchema, bytes, what, MANIFEST_LIMIT);
  const type = index.mediaType ?? mediaType ?? MEDIA_TYPE.ociIndex;
  if (!isIndexType(type) || (mediaType !== undefined && isIndexType(mediaType) && mediaType !== type)) {
    throw new LinuxKitError("CORRUPT", `${what} says it is ${type}, wanted ${mediaType ?? MEDIA_TYPE.ociIndex}`, { path: what });
  }
  return { ...index, mediaType: type };
}

/** The JSON of an index, as it is digested and pushed. */
export function encodeIndex(index: ImageIndex): Buffer {
  const { mediaType, artifactType, manifests, subject, annotations } = index;
  return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, artifactType, manifests, subject, annotations }));
}

/** The variant that every machine of an architecture runs (image-spec, image-index.md, Platform Variants). */
const PLAIN_VARIANT: Readonly<Record<string, string>> = { arm64: "v8", amd64: "v1" };

/**
 * The manifest of an index for a platform. Operating system and architecture must match. Of several, the first without a
 * variant, or with the one that all machines of the architecture run, is preferred to others, such as `v3` of amd64. An
 * entry without a platform is taken where no other matches, as skopeo does: its configuration says what it is.
 *
 * @throws NOT_FOUND, listing the platforms of the index
 */
export function selectPlatform(index: ImageIndex, platform: Platform, what: string): Descriptor {
  const images = index.manifests.filter(({ mediaType }) => isManifestType(mediaType) || isIndexType(mediaType));
  const matching = images.filter(({ platform: p }) => p?.os === platform.os && p.architecture === platform.architecture);
  const plain = ({ platform: p }: Descriptor) => p?.variant === undefined || p.variant === PLAIN_VARIANT[platform.architecture];
  const found = matching.find(plain) ?? matching[0] ?? images.find((image) => image.platform === undefined && !image.artifactType);
  if (found) return found;
  const wanted = `${platform.os}/${platform.architecture}`;
  const held = index.manifests.flatMap(({ platform: p }) => (p && p.os !== "unknown" ? [`${p.os}/${p.architecture}`] : []));
  throw new LinuxKitError("NOT_FOUND", `${what} has no ${wanted}; it has ${[...new Set(held)].join(", ") || "no platforms"}`, {
    what: `${what} for ${wanted}`,
  });
}
