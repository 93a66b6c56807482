import type { BlobStore } from "../cache/blob-store.ts";
import type { Bytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";

/** A layer of an image (image-spec, layer.md): a tar, compressed or not, that can be read more than once. */
export interface Layer {
  /** The digest of the blob as it is stored, usually compressed. */
  readonly digest: Digest;
  /** Bytes of the blob. */
  readonly size: number;
  /** The sha256 of the uncompressed tar, verified where it is known. */
  readonly diffId?: Digest | undefined;
  /** Streams the blob from its start. Its chunks may be in reused memory: see `Memory`. */
  open(): Bytes;
}

/**
 * Layers that a store holds, bottom first.
 *
 * @param descriptors of the manifest
 * @param diffIds of the configuration @default none, which leaves the uncompressed tars unverified
 */
export function storedLayers(
  store: BlobStore,
  descriptors: readonly { readonly digest: Digest; readonly size: number }[],
  diffIds: readonly Digest[] = [],
): Layer[] {
  return descriptors.map(({ digest, size }, position) => {
    const diffId = diffIds[position];
    // a layer that is not compressed passes two checks, each of which holds a chunk back
    return { digest, size, diffId, open: () => store.openUnverified(digest, diffId === undefined ? "reused" : "own") };
  });
}
