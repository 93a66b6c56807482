import { z } from "zod";
import { LinuxKitError } from "../core/errors.ts";
import { type Descriptor, type Platform, annotationsSchema, descriptorSchema } from "./descriptor.ts";
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
  mediaType: z.string().optional(),
  manifests: z.array(descriptorSchema).max(10_000),
  artifactType: z.string().optional(),
  subject: descriptorSchema.optional(),
  annotations: annotationsSchema.nullish().transform((value) => value ?? undefined),
});

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

/**
 * The first manifest of an index for a platform. As in LinuxKit, operating system and architecture must match; the
 * variant is ignored.
 *
 * @throws NOT_FOUND, listing the platforms of the index
 */
export function selectPlatform(index: ImageIndex, platform: Platform, what: string): Descriptor {
  const found = index.manifests.find(
    (manifest) =>
      manifest.platform?.os === platform.os &&
      manifest.platform.architecture === platform.architecture &&
      (isManifestType(manifest.mediaType) || isIndexType(manifest.mediaType)),
  );
  if (found) return found;
  const wanted = `${platform.os}/${platform.architecture}`;
  const held = index.manifests.flatMap(({ platform: p }) => (p && p.os !== "unknown" ? [`${p.os}/${p.architecture}`] : []));
  throw new LinuxKitError("NOT_FOUND", `${what} has no ${wanted}; it has ${[...new Set(held)].join(", ") || "no platforms"}`, {
    what: `${what} for ${wanted}`,
  });
}
