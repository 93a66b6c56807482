import type { BlobStore } from "../../cache/blob-store.ts";
import { collect } from "../../core/bytes.ts";
import { digestOf } from "../../core/digest.ts";
import { LinuxKitError } from "../../core/errors.ts";
import type { Descriptor } from "../descriptor.ts";
import { parseIndex } from "../image-index.ts";
import { MANIFEST_LIMIT, parseManifest } from "../manifest.ts";
import { isIndexType } from "../media-type.ts";
import { type Repository, digestHeader } from "./client.ts";
import { type PushBlobOptions, pushBlob } from "./push-blob.ts";
import { recordReferrer } from "./referrers.ts";

/**
 * Puts a manifest or index under its digest, and under a tag when one is named. What it names must be there. One
 * with a `subject` is found as its referrer afterwards, by the registry or by the fallback tag.
 *
 * @throws ACCESS_DENIED, NETWORK, TIMEOUT, CANCELLED; DIGEST_MISMATCH when the registry understood other bytes
 */
export async function pushManifest(repository: Repository, bytes: Uint8Array, mediaType: string, tag?: string): Promise<Descriptor> {
  const digest = digestOf(bytes);
  const what = repository.named(tag ?? digest);
  const response = await repository.request({ method: "PUT", path: `manifests/${tag ?? digest}`, headers: { "content-type": mediaType }, body: bytes, accept: [201], what });
  await response.drop();
  const got = digestHeader(response) ?? digest;
  if (got !== digest) throw new LinuxKitError("DIGEST_MISMATCH", `${what}: the registry says ${got}, wanted ${digest}`, { path: what, want: digest, got });
  const descriptor: Descriptor = { mediaType, digest, size: bytes.length };
  // a registry that knows referrers says so in its answer (distribution-spec, "Pushing Manifests with Subject")
  if (response.headers.get("oci-subject") === null) await recordReferrer(repository, descriptor, bytes);
  return descriptor;
}

/**
 * Pushes an image, or an index with every image in it, from a store that holds them: blobs first, then manifests,
 * the root last and under the tag.
 *
 * @throws NOT_FOUND for what the store lacks; as {@link pushBlob} and {@link pushManifest}
 */
export async function pushImage(repository: Repository, root: Descriptor, tag: string | undefined, store: BlobStore, options: PushBlobOptions = {}): Promise<Descriptor> {
  const bytes = await collect(await openHeld(store, root), MANIFEST_LIMIT);
  const what = `manifest ${root.digest}`;
  if (isIndexType(root.mediaType)) {
    for (const child of parseIndex(bytes, what, root.mediaType).manifests) await pushImage(repository, child, undefined, store, options);
  } else {
    const { config, layers } = parseManifest(bytes, what, root.mediaType);
    for (const blob of [...layers, config]) await pushBlob(repository, blob, await openHeld(store, blob), options);
  }
  return pushManifest(repository, bytes, root.mediaType, tag);
}

async function openHeld(store: BlobStore, { digest }: Descriptor): Promise<AsyncIterable<Uint8Array>> {
  if (await store.find(digest)) return store.open(digest);
  throw new LinuxKitError("NOT_FOUND", `${digest} is not in the store: pull the whole image before pushing it`, { what: digest });
}
