import type { Descriptor } from "../oci/descriptor.ts";
import type { Repository } from "../oci/registry/client.ts";
import { type BlobHolder, pushImage } from "../oci/registry/push.ts";
import type { PushBlobOptions } from "../oci/registry/push-blob.ts";
import type { SigningKey } from "./key.ts";
import { signImage } from "./sign-image.ts";
import type { SignatureForm } from "./verify-image.ts";

export interface PushSignedOptions extends PushBlobOptions {
  readonly key: SigningKey;
  /** Where the signature goes. @default both forms */
  readonly forms?: readonly SignatureForm[] | undefined;
}

/**
 * Pushes an image, or an index with all its images, and signs it. The tag is set last, so that an image that is found by
 * its tag is always signed.
 *
 * @throws as `pushImage` and `signImage`
 */
export async function pushSigned(
  repository: Repository,
  root: Descriptor,
  tag: string,
  store: BlobHolder,
  { key, forms, ...options }: PushSignedOptions,
): Promise<Descriptor> {
  await pushImage(repository, root, undefined, store, options);
  await signImage(repository, root, key, forms);
  return pushImage(repository, root, tag, store, options);
}
