import { createHash } from "node:crypto";

/** A sha256 as OCI writes it: `sha256:` and 64 lower-case hexadecimal digits (image-spec, descriptor.md, Digests). */
export type Digest = `sha256:${string}`;

/** Whether `text` is a well-formed sha256 digest. */
export function isDigest(text: string): text is Digest {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/** The digest of bytes or of UTF-8 text. */
export function digestOf(data: Uint8Array | string): Digest {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}

/** The 64 hexadecimal digits of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice("sha256:".length);
}
