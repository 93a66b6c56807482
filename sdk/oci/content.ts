import type { Bytes, Memory } from "../core/bytes.ts";
import type { Descriptor } from "./descriptor.ts";

/** A manifest or an index: its descriptor, and the exact bytes of its digest. */
export interface StoredDocument {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** A source of images: a repository of a registry, an OCI layout, or a docker-archive. */
export interface ContentSource {
  /** Its name in messages. */
  readonly name: string;
  /** The name of a tag or digest of this source in messages. */
  named(tagOrDigest: string): string;
  /**
   * Reads a manifest or index, verified against its digest.
   *
   * @param tagOrDigest @default `latest` of a registry, the only image of a layout or an archive
   *
   * @throws NOT_FOUND, TOO_LARGE, DIGEST_MISMATCH
   */
  document(tagOrDigest?: string): Promise<StoredDocument>;
  /**
   * Streams a blob, unverified: the caller passes it through `verify` or `BlobStore.put`.
   *
   * @param memory @default "own"
   */
  open(descriptor: Descriptor, memory?: Memory): Bytes;
}
