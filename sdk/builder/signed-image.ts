import type { Digest } from "../core/digest.ts";
import { isLinuxKitError, LinuxKitError } from "../core/errors.ts";
import type { Platform } from "../oci/descriptor.ts";
import type { OciImage } from "../oci/image.ts";
import { findImage, type SourceOptions } from "../oci/open-source.ts";
import { parseReference } from "../oci/reference.ts";
import { createRegistryClient } from "../oci/registry/client.ts";
import type { Pinned } from "../resolve/resolve.ts";
import { verifyImage } from "../sign/verify-image.ts";
import { keysFor, type VerifyRules } from "../sign/verify-rules.ts";

/** Where images come from, and which must be signed. */
export interface SignedSources extends SourceOptions {
  readonly verify?: VerifyRules | undefined;
}

/**
 * Finds an image and, where a rule asks for it, checks that it is signed: the index that the reference means, or the
 * image's own manifest. No layer has been fetched by then.
 *
 * @returns the image, and the digest that is signed
 * @throws SIGNATURE_INVALID, and as `findImage`
 */
export async function findSignedImage(
  reference: string,
  pinned: Pinned | undefined,
  platform: Platform,
  options: SignedSources,
): Promise<{ image: OciImage; signed?: Digest }> {
  const asked = isVerified(reference, options);
  let image = await findImage(pinnedReference(reference, (asked && pinned?.signed) || pinned?.manifest), platform, options);
  if (!asked) return { image };
  if (pinned && image.digest !== pinned.manifest) {
    throw new LinuxKitError(
      "SIGNATURE_INVALID",
      `${reference}: the signed index ${pinned.signed} has ${image.digest} for ${platform.architecture}, the lock has ${pinned.manifest}`,
      { source: reference },
    );
  }
  // a lock from before the rule does not say what was signed; the tag may still mean the same image
  if (pinned && !pinned.signed) {
    const now = await findImage(reference, platform, options).catch((error: unknown) => {
      if (isLinuxKitError(error, "NOT_FOUND")) return undefined;
      throw error;
    });
    if (now?.digest === pinned.manifest) image = now;
  }
  const signed = await verifySigned(reference, [...(image.index ? [image.index.digest] : []), image.digest], options);
  return { image, ...(signed && { signed }) };
}

/**
 * Checks that one of the digests is signed, where a rule asks for it; the first that is.
 *
 * @throws SIGNATURE_INVALID of the first
 */
export async function verifySigned(reference: string, digests: readonly Digest[], options: SignedSources): Promise<Digest | undefined> {
  const parsed = parseReference(reference);
  const keys = parsed.kind === "registry" ? keysFor(parsed, options.verify) : undefined;
  if (!keys || parsed.kind !== "registry") return undefined;
  const repository = createRegistryClient(options).repository(parsed.registry, parsed.repository);
  let failure: unknown;
  for (const digest of digests) {
    try {
      await verifyImage(repository, digest, keys);
      return digest;
    } catch (error) {
      if (!isLinuxKitError(error, "SIGNATURE_INVALID")) throw error;
      failure ??= error;
    }
  }
  throw failure;
}

/** Whether a reference is to a file or folder, and to no registry. */
export function isPath(reference: string): boolean {
  return /^(oci|docker-archive):/.test(reference);
}

/** The reference of what was built from; of a layout or an archive, which are read as they are now, itself. */
export function pinnedReference(reference: string, pinned: string | undefined): string {
  if (pinned === undefined || reference.includes("@") || isPath(reference)) return reference;
  return `${reference}@${pinned}`;
}

function isVerified(reference: string, { verify }: SignedSources): boolean {
  const parsed = parseReference(reference);
  return parsed.kind === "registry" && keysFor(parsed, verify) !== undefined;
}
