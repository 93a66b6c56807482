import type { Bytes, Memory } from "../core/bytes.ts";
import type { Descriptor } from "./descriptor.ts";

/** A manifest or an index with the bytes that its digest is of. */
export interface StoredDocument {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** What images are read from: a repository of a registry, an OCI layout, a docker-archive. */
export interface ContentSource {
  /** For messages. */
  readonly name: string;
  /** What a tag or digest of this source is called in messages. */
  named(tagOrDigest: string): string;
  /**
   * A manifest or index, checked against its digest. Without an argument: a registry's `latest`, the only image of
   * a layout or an archive.
   *
   * @throws NOT_FOUND, TOO_LARGE, DIGEST_MISMATCH
   */
  document(tagOrDigest?: string): Promise<StoredDocument>;
  /**
   * A blob's bytes as they come: whoever keeps or reads them passes them through `verify` or `BlobStore.put`.
   *
   * @param memory `own` where it is not said
   */
  open(descriptor: Descriptor, memory?: Memory): Bytes;
}
