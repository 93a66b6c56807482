import { type Bytes, collect } from "../../core/bytes.ts";
import { type Digest, digestOf } from "../../core/digest.ts";
import { LinuxKitError } from "../../core/errors.ts";
import type { Descriptor } from "../descriptor.ts";
import { parseIndex } from "../image-index.ts";
import { MANIFEST_LIMIT, parseManifest } from "../manifest.ts";
import { isIndexType } from "../media-type.ts";
import { type Repository, digestHeader } from "./client.ts";
import { resolveTag } from "./pull.ts";
import { type PushBlobOptions, pushBlob } from "./push-blob.ts";
import { listReferrers, recordReferrer } from "./referrers.ts";

/** A place to push blobs and manifests from: a `BlobStore`, or files. */
export interface BlobHolder {
  /** Undefined for a blob that it does not hold. */
  find(digest: Digest): Promise<object | undefined>;
  /** Streams a blob that {@link find} returned. */
  open(digest: Digest): Bytes;
}

/**
 * Pushes a manifest or index by digest, or under `tag`. If the repository already has it there, nothing is sent. Its
 * blobs and manifests must have been pushed. One with a `subject` becomes its referrer, by the registry's API or by the
 * fallback tag.
 *
 * @throws ACCESS_DENIED, NETWORK, TIMEOUT, CANCELLED; DIGEST_MISMATCH when the registry stored other bytes
 */
export async function pushManifest(repository: Repository, bytes: Uint8Array, mediaType: string, tag?: string): Promise<Descriptor> {
  const digest = digestOf(bytes);
  const what = repository.named(tag ?? digest);
  const there: Descriptor = { mediaType, digest, size: bytes.length };
  if ((await resolveTag(repository, tag ?? digest)) === digest && (await isListed(repository, there, bytes))) return there;
  const response = await repository.request({
    method: "PUT",
    path: `manifests/${tag ?? digest}`,
    headers: { "content-type": mediaType },
    body: bytes,
    accept: [201],
    what,
  });
  await response.drop();
  const got = digestHeader(response) ?? digest;
  if (got !== digest)
    throw new LinuxKitError("DIGEST_MISMATCH", `${what}: the registry says ${got}, wanted ${digest}`, { path: what, want: digest, got });
  // a registry with the referrers API answers with OCI-Subject (distribution-spec, "Pushing Manifests with Subject")
  if (response.headers.get("oci-subject") === null) await recordReferrer(repository, there, bytes);
  return there;
}

// an earlier push may have ended after the manifest and before its entry under the fallback tag
async function isListed(repository: Repository, { digest }: Descriptor, bytes: Uint8Array): Promise<boolean> {
  const { subject } = JSON.parse(Buffer.from(bytes).toString()) as { readonly subject?: Descriptor };
  return subject === undefined || (await listReferrers(repository, subject.digest)).some((referrer) => referrer.digest === digest);
}

/**
 * Pushes an image, or an index with all its images, from a store: blobs first, then manifests, and last the root under
 * the tag. A manifest that the repository already has is skipped with all its blobs.
 *
 * @throws NOT_FOUND for a blob that the store lacks; and as {@link pushBlob} and {@link pushManifest}
 */
export async function pushImage(
  repository: Repository,
  root: Descriptor,
  tag: string | undefined,
  store: BlobHolder,
  options: PushBlobOptions = {},
): Promise<Descriptor> {
  // a registry refuses a manifest whose blobs it lacks, so one that it has is complete
  const isThere = (await resolveTag(repository, root.digest)) === root.digest;
  if (isThere && tag === undefined) return root;
  const bytes = await collect(await openHeld(store, root), MANIFEST_LIMIT);
  if (isThere) return pushManifest(repository, bytes, root.mediaType, tag);
  const what = `manifest ${root.digest}`;
  if (isIndexType(root.mediaType)) {
    for (const child of parseIndex(bytes, what, root.mediaType).manifests) await pushImage(repository, child, undefined, store, options);
  } else {
    const { config, layers } = parseManifest(bytes, what, root.mediaType);
    for (const blob of [...layers, config]) await pushBlob(repository, blob, await openHeld(store, blob), options);
  }
  return pushManifest(repository, bytes, root.mediaType, tag);
}

async function openHeld(store: BlobHolder, { digest }: Descriptor): Promise<Bytes> {
  if (await store.find(digest)) return store.open(digest);
  throw new LinuxKitError("NOT_FOUND", `${digest} is not in the store: pull the whole image before pushing it`, { what: digest });
}
