import type { BlobStore } from "../cache/blob-store.ts";
import type { Bytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";

/** A changeset of an image (image-spec, layer.md): a tar, compressed or not, that can be read again and again. */
export interface Layer {
  /** Of the blob, compressed as it is stored. */
  readonly digest: Digest;
  /** Bytes of the blob. */
  readonly size: number;
  /** The sha256 of the tar inside, checked when it is known. */
  readonly diffId?: Digest | undefined;
  /** Streams the blob from its start. */
  open(): Bytes;
}

/** Layers that a store holds, bottom first, from what their manifest (and configuration) says of them. */
export function storedLayers(
  store: BlobStore,
  descriptors: readonly { readonly digest: Digest; readonly size: number }[],
  diffIds: readonly Digest[] = [],
): Layer[] {
  return descriptors.map(({ digest, size }, position) => ({ digest, size, diffId: diffIds[position], open: () => store.open(digest) }));
}
