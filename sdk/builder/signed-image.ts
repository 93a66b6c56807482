import type { Digest } from "../core/digest.ts";
import { isLinuxKitError, LinuxKitError } from "../core/errors.ts";
import type { Platform } from "../oci/descriptor.ts";
import type { OciImage } from "../oci/image.ts";
import { findImage, type SourceOptions } from "../oci/open-source.ts";
import { parseReference } from "../oci/reference.ts";
import { createRegistryClient } from "../oci/registry/client.ts";
import type { Pinned } from "../resolve/lock.ts";
import { verifyImage } from "../sign/verify-image.ts";
import { keysFor, type VerifyRules } from "../sign/verify-rules.ts";

/** Where images come from, and which of them must be signed. */
export interface SignedSources extends SourceOptions {
  readonly verify?: VerifyRules | undefined;
}

/**
 * Finds an image and, if a rule requires it, checks that it is signed: either the index that the reference points to, or
 * the image's own manifest. Runs before any layer is fetched.
 *
 * @returns the image, and the digest that is signed
 * @throws SIGNATURE_INVALID, and the errors of `findImage`
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
      `${reference}: got ${image.digest} for ${platform.architecture} in the signed index ${pinned.signed}, wanted ${pinned.manifest}, as the lock has it`,
      { source: reference },
    );
  }
  // a lock older than the rule does not name the signed digest; the tag may still point to the same image
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
 * Checks that one of the digests is signed, if a rule requires it.
 *
 * @returns the first digest that is signed; undefined without a rule
 * @throws SIGNATURE_INVALID: the error of the first digest
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

/** Whether a reference points to a file or folder instead of a registry. */
export function isPath(reference: string): boolean {
  return /^(oci|docker-archive):/.test(reference);
}

/** The reference with its pinned digest. A layout or an archive is not pinned, because it is read in its current state. */
export function pinnedReference(reference: string, pinned: string | undefined): string {
  if (pinned === undefined || reference.includes("@") || isPath(reference)) return reference;
  return `${reference}@${pinned}`;
}

function isVerified(reference: string, { verify }: SignedSources): boolean {
  const parsed = parseReference(reference);
  return parsed.kind === "registry" && keysFor(parsed, verify) !== undefined;
}
