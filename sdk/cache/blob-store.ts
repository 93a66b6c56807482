import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Bytes, type Memory, verify } from "../core/bytes.ts";
import { type Digest, hexOf } from "../core/digest.ts";
import { fileBytes } from "../core/file-bytes.ts";
import { writeFileWhole } from "../core/write-file.ts";
import { untilPruned } from "./hold.ts";
import { markUsed, settleTimes } from "./access-time.ts";
import { isReadable } from "./readable.ts";
import { verifiedFile } from "./verified-file.ts";

/** A stored blob. */
export interface Blob {
  readonly digest: Digest;
  readonly size: number;
  readonly path: string;
}

/**
 * A folder of files named by their sha256, laid out as the `blobs` of an OCI image layout
 * (image-spec, image-layout.md). Every blob is whole: it is verified before it gets its name, and again whenever it is
 * read, because others may write in a shared folder. Several processes may share one folder: the second to store a blob
 * renames equal bytes over equal bytes. Only the user may read them: layers and files of an image may hold secrets.
 */
export class BlobStore {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Path of the blob's file, stored or not. */
  path(digest: Digest): string {
    return join(this.directory, "blobs", "sha256", hexOf(digest));
  }

  /** The blob, or undefined where it is not stored. Marks it as used now, by its access time alone. */
  async find(digest: Digest): Promise<Blob | undefined> {
    const path = this.path(digest);
    if (!(await isStored(path))) return undefined;
    await markUsed(path);
    await untilPruned(this.directory);
    const stats = await stat(path).catch(() => undefined);
    if (!stats?.isFile()) return undefined;
    return { digest, size: stats.size, path };
  }

  /**
   * Streams a stored blob, as found by {@link find} or {@link put}. The last chunk comes once the sha256 is verified. A
   * file that differs is removed, so that the next run fetches the blob again.
   *
   * @throws NOT_FOUND while iterating, when the blob is not stored; DIGEST_MISMATCH if its file has changed
   */
  open(digest: Digest, memory: Memory = "own"): AsyncIterable<Uint8Array> {
    return verifiedFile(this.path(digest), digest, { memory });
  }

  /** As {@link open}, for a reader that verifies the bytes itself. */
  openUnverified(digest: Digest, memory: Memory = "own"): AsyncIterable<Uint8Array> {
    return fileBytes(this.path(digest), { memory });
  }

  /**
   * Verifies a stream and stores it under its digest. A failure leaves nothing behind. Chunks may be in `reused` memory.
   *
   * @param options.what names the blob in messages @default its digest
   * @throws DIGEST_MISMATCH, SIZE_MISMATCH, DISK_FULL, UNWRITABLE, CANCELLED, and errors of `source`
   */
  async put(
    source: Bytes,
    want: { readonly digest: Digest; readonly size?: number },
    options: { signal?: AbortSignal | undefined; what?: string } = {},
  ): Promise<Blob> {
    const path = this.path(want.digest);
    let size = 0;
    const onWritten = (bytes: number) => {
      size += bytes;
    };
    await writeFileWhole(path, verify(source, want, options.what ?? want.digest), { signal: options.signal, mode: 0o600, onWritten });
    await settleTimes(path);
    await untilPruned(this.directory);
    return { digest: want.digest, size, path };
  }
}

async function isStored(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true && isReadable(path);
}
