import type { BlobStore } from "../cache/blob-store.ts";
import { counted } from "../core/bytes.ts";
import { isLinuxKitError } from "../core/errors.ts";
import { forEachParallel } from "../core/parallel.ts";
import { type OnProgress, runningTotal } from "../core/progress.ts";
import type { ContentSource } from "./content.ts";
import type { Descriptor } from "./descriptor.ts";

export interface FetchBlobsOptions {
  /** Blobs that are fetched at the same time. @default 6 */
  readonly connections?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
}

// the fetches under way in this process, by store and digest: a second caller for a blob waits for the first
const underWay = new Map<string, Promise<unknown>>();

/**
 * Fetches blobs into the store, several at a time. Skips those that the store holds, and waits for those that this
 * process is already fetching. If another process fetches the same blob into the same store, both succeed and the store
 * keeps one.
 *
 * @throws DIGEST_MISMATCH, SIZE_MISMATCH, DISK_FULL, CANCELLED, and errors of the source
 */
export async function fetchBlobs(
  source: ContentSource,
  descriptors: readonly Descriptor[],
  store: BlobStore,
  options: FetchBlobsOptions = {},
): Promise<void> {
  const wanted = [...new Map(descriptors.map((descriptor) => [descriptor.digest, descriptor])).values()];
  const total = wanted.reduce((sum, { size }) => sum + size, 0);
  const count = runningTotal(options.onProgress, { stage: "fetch", message: source.name, total });
  await forEachParallel(wanted, options.connections ?? 6, options.signal, (descriptor, signal) =>
    fetchBlobOnce(source, descriptor, store, signal, count),
  );
}

async function fetchBlobOnce(
  source: ContentSource,
  descriptor: Descriptor,
  store: BlobStore,
  signal: AbortSignal,
  count: (bytes: number) => void,
): Promise<void> {
  const key = `${store.directory}\0${descriptor.digest}`;
  for (;;) {
    const other = underWay.get(key);
    if (!other) break;
    try {
      await other;
    } catch (error) {
      // the other caller was cancelled, this one was not
      if (!isLinuxKitError(error, "CANCELLED") || signal.aborted) throw error;
    }
  }
  const fetching = fetchMissing(source, descriptor, store, signal, count);
  underWay.set(key, fetching);
  try {
    await fetching;
  } finally {
    underWay.delete(key);
  }
}

async function fetchMissing(
  source: ContentSource,
  descriptor: Descriptor,
  store: BlobStore,
  signal: AbortSignal,
  count: (bytes: number) => void,
): Promise<void> {
  if (await store.find(descriptor.digest)) return count(descriptor.size);
  await store.put(counted(source.open(descriptor, "reused"), count), descriptor, { signal, what: source.named(descriptor.digest) });
}
