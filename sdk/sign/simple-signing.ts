import { z } from "zod";
import type { Digest } from "../core/digest.ts";
import { hexOf } from "../core/digest.ts";

/** The media type of a layer that holds a payload; its signature is an annotation of the layer. */
export const SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json";

/** The annotation that holds a payload's signature in base64. */
export const SIGNATURE_ANNOTATION = "dev.cosignproject.cosign/signature";

/** The tag of an image's signatures. */
export function signatureTag(image: Digest): string {
  return `sha256-${hexOf(image)}.sig`;
}

/** The payload whose signature signs an image, as JSON (cosign's specs/SIGNATURE_SPEC.md). */
export function simplePayload(image: Digest, repository: string): Buffer {
  const payload = {
    critical: {
      identity: { "docker-reference": repository },
      image: { "docker-manifest-digest": image },
      type: "cosign container image signature",
    },
    optional: null,
  };
  return Buffer.from(JSON.stringify(payload));
}

const schema = z.object({
  critical: z.object({
    image: z.object({ "docker-manifest-digest": z.string() }),
    type: z.enum(["cosign container image signature", "atomic container signature"]),
  }),
});

/** Whether a payload names this image. The caller verifies the payload's signature. */
export function isPayloadOf(payload: Uint8Array, image: Digest): boolean {
  const parsed = schema.safeParse(parseJson(payload));
  return parsed.success && parsed.data.critical.image["docker-manifest-digest"] === image;
}

/** Parses JSON; undefined where it is malformed, as text that is not JSON is not a signature. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
