import { z } from "zod";
import type { Digest } from "../core/digest.ts";
import { hexOf } from "../core/digest.ts";

/** The media type of a layer that holds a payload; the signature of it is an annotation. */
export const SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json";

export const SIGNATURE_ANNOTATION = "dev.cosignproject.cosign/signature";

/** The tag of an image's signatures. */
export function signatureTag(image: Digest): string {
  return `sha256-${hexOf(image)}.sig`;
}

/** What is signed of an image (cosign's specs/SIGNATURE_SPEC.md). */
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

/** Whether a payload, whose signature is right, is of this image. */
export function isPayloadOf(payload: Uint8Array, image: Digest): boolean {
  const parsed = schema.safeParse(parseJson(payload));
  return parsed.success && parsed.data.critical.image["docker-manifest-digest"] === image;
}

/** JSON, or undefined: what is no JSON is no signature. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
