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

// what this process is fetching now, by store and digest: the second who wants a blob waits for the first
const underWay = new Map<string, Promise<unknown>>();

/**
 * Brings blobs into the store, several at a time, and none that it holds or that this process is fetching already.
 * Another process on the same store may fetch the same blob at the same time: both are right, and the store keeps one.
 *
 * @throws DIGEST_MISMATCH, SIZE_MISMATCH, DISK_FULL, CANCELLED, and what the source throws
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
      // who gave up may have had reasons that are not ours
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
