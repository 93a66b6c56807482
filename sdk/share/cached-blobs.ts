import { digestOf, hexOf } from "../core/digest.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { MEDIA_TYPE } from "../oci/media-type.ts";
import type { Repository } from "../oci/registry/client.ts";
import { resolveTag } from "../oci/registry/pull.ts";
import { pushManifest } from "../oci/registry/push.ts";
import { hasBlob, pushBlob, type PushBlobOptions } from "../oci/registry/push-blob.ts";

/** The artifact type of a list of blobs in a cache. The blobs themselves are found by their digests. */
const CACHED_BLOBS = "application/vnd.pulumi-linuxkit.cache.blobs.v1";

/** Most layers of one list: registries and clients accept 500, some of them fewer. */
const MOST_BLOBS = 100;

/** A blob to store in a cache. */
export interface KeptBlob {
  readonly descriptor: Descriptor;
  /** Opens its bytes; undefined if the local cache does not hold it. */
  open(): Promise<AsyncIterable<Uint8Array> | undefined>;
}

/**
 * Stores blobs, and lists of them under tags, so that a registry's garbage collection keeps them. A blob that neither
 * side holds is left out. If the repository already has a list, its blobs are not looked for.
 *
 * @returns the bytes that were sent
 * @throws as `pushBlob` and `pushManifest`
 */
export async function pushBlobs(repository: Repository, blobs: readonly KeptBlob[], options: PushBlobOptions): Promise<number> {
  const sorted = [...blobs].sort((a, b) => (a.descriptor.digest < b.descriptor.digest ? -1 : 1));
  let sent = 0;
  for (let at = 0; at < sorted.length; at += MOST_BLOBS) sent += await pushList(repository, sorted.slice(at, at + MOST_BLOBS), options);
  return sent;
}

async function pushList(repository: Repository, blobs: readonly KeptBlob[], options: PushBlobOptions): Promise<number> {
  if ((await resolveTag(repository, listTag(blobs))) !== undefined) return 0;
  const held: KeptBlob[] = [];
  let sent = 0;
  for (const blob of blobs) {
    const { descriptor } = blob;
    const bytes = await blob.open();
    if (!bytes && !(await hasBlob(repository, descriptor.digest))) continue;
    if (bytes && (await pushBlob(repository, descriptor, bytes, options)) === "sent") sent += descriptor.size;
    held.push(blob);
  }
  if (held.length === 0) return sent;
  const empty = Buffer.from("{}");
  const config: Descriptor = { mediaType: MEDIA_TYPE.ociEmpty, digest: digestOf(empty), size: empty.length };
  await pushBlob(repository, config, [empty]);
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociManifest,
    artifactType: CACHED_BLOBS,
    config,
    layers: held.map(({ descriptor }) => descriptor),
  };
  await pushManifest(repository, Buffer.from(JSON.stringify(manifest)), MEDIA_TYPE.ociManifest, listTag(held));
  return sent;
}

function listTag(blobs: readonly KeptBlob[]): string {
  return `blobs-${hexOf(digestOf(blobs.map(({ descriptor }) => descriptor.digest).join("\n")))}`;
}
