import { z } from "zod";
import { LinuxKitError } from "../core/errors.ts";
import { listOf } from "../schema/list-of.ts";
import { type Descriptor, annotationsSchema, descriptorSchema, nameSchema, optional } from "./descriptor.ts";
import { parseDocument } from "./document.ts";
import { MEDIA_TYPE, isManifestType } from "./media-type.ts";

/** Most bytes of a manifest's or an index's JSON (distribution-spec asks registries to accept 4 MiB). */
export const MANIFEST_LIMIT = 4 << 20;

/** Most layers of an image: overlayfs mounts at most 500. */
export const LAYER_LIMIT = 500;

/** An image manifest (image-spec, manifest.md; Docker's version 2, schema 2 has the same members). */
export interface Manifest {
  readonly mediaType: string;
  readonly config: Descriptor;
  /** Bottom layer first. */
  readonly layers: readonly Descriptor[];
  readonly artifactType?: string | undefined;
  readonly subject?: Descriptor | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

const manifestSchema = z.object({
  schemaVersion: z.literal(2),
  mediaType: optional(nameSchema),
  config: descriptorSchema,
  layers: listOf(descriptorSchema, LAYER_LIMIT),
  artifactType: optional(nameSchema),
  subject: optional(descriptorSchema),
  annotations: optional(annotationsSchema),
});

/**
 * Parses an image manifest (image-spec, manifest.md).
 *
 * @param what names it in messages
 * @param mediaType the type that its descriptor or the registry's answer claims; the document's own must agree
 * @throws CORRUPT; TOO_LARGE above {@link MANIFEST_LIMIT}; UNSUPPORTED for Docker's schema 1
 */
export function parseManifest(bytes: Uint8Array, what: string, mediaType?: string): Manifest {
  if (mediaType?.startsWith("application/vnd.docker.distribution.manifest.v1")) {
    throw new LinuxKitError(
      "UNSUPPORTED",
      `${what} has Docker's manifest schema 1, which is obsolete: push the image again with a current tool`,
      { what: "manifest schema 1" },
    );
  }
  const { schemaVersion: _, ...manifest } = parseDocument(manifestSchema, bytes, what, MANIFEST_LIMIT);
  const type = manifest.mediaType ?? mediaType ?? MEDIA_TYPE.ociManifest;
  if (!isManifestType(type) || (mediaType !== undefined && isManifestType(mediaType) && mediaType !== type)) {
    throw new LinuxKitError("CORRUPT", `${what} says it is ${type}, wanted ${mediaType ?? MEDIA_TYPE.ociManifest}`, { path: what });
  }
  return { ...manifest, mediaType: type };
}
