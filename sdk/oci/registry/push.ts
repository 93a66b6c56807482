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

/** What holds blobs and manifests that are to be pushed: a `BlobStore`, or files. */
export interface BlobHolder {
  find(digest: Digest): Promise<object | undefined>;
  /** Of one that {@link find} finds. */
  open(digest: Digest): Bytes;
}

/**
 * Puts a manifest or index under its digest, and under a tag when one is named; where it is there already, nothing is
 * sent. What it names must be there. One with a `subject` is found as its referrer afterwards, by the registry or by
 * the fallback tag.
 *
 * @throws ACCESS_DENIED, NETWORK, TIMEOUT, CANCELLED; DIGEST_MISMATCH when the registry understood other bytes
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
  // a registry that knows referrers says so in its answer (distribution-spec, "Pushing Manifests with Subject")
  if (response.headers.get("oci-subject") === null) await recordReferrer(repository, there, bytes);
  return there;
}

// between a manifest and its entry under the fallback tag a push may have ended
async function isListed(repository: Repository, { digest }: Descriptor, bytes: Uint8Array): Promise<boolean> {
  const { subject } = JSON.parse(Buffer.from(bytes).toString()) as { readonly subject?: Descriptor };
  return subject === undefined || (await listReferrers(repository, subject.digest)).some((referrer) => referrer.digest === digest);
}

/**
 * Pushes an image, or an index with every image in it, from what holds them: blobs first, then manifests, the root last
 * and under the tag. Of what the repository has by its digest nothing is sent, nor looked for.
 *
 * @throws NOT_FOUND for what neither side has; as {@link pushBlob} and {@link pushManifest}
 */
export async function pushImage(
  repository: Repository,
  root: Descriptor,
  tag: string | undefined,
  store: BlobHolder,
  options: PushBlobOptions = {},
): Promise<Descriptor> {
  // a registry takes no manifest whose parts it lacks
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
