import { Budget } from "../core/budget.ts";
import { counted } from "../core/bytes.ts";
import { type OnProgress, runningTotal } from "../core/progress.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { createRegistryClient, type RegistryOptions } from "../oci/registry/client.ts";
import { fetchBlob } from "../oci/registry/pull.ts";
import { hasBlob, type PushBlobOptions } from "../oci/registry/push-blob.ts";
import { keyOf, type SignOption } from "../sign/key.ts";
import { keysFor, type VerifyRules } from "../sign/verify-rules.ts";
import { type CacheContent, fetchEntry, hasEntry, pushEntry } from "./cache-entry.ts";
import { type CacheRepository, cacheRepository, attempt } from "./cache-repository.ts";
import { type KeptBlob, pushBlobs } from "./cached-blobs.ts";
import { parseRepositoryName } from "./repository-name.ts";

/** Repositories of registries that hold a build cache: what builds made, by the key of what it was made from. */
export interface CacheOption {
  /** Repositories to fetch entries from, asked in this order. @default none */
  readonly from?: string | readonly string[] | undefined;
  /** The repository to store new entries in, usually one of `from`. @default none */
  readonly to?: string | undefined;
  /**
   * Signs the entries that go to `to`. An entry from `from` must be signed by the keys that `verify` names for its
   * repository, or else by this key. @default entries are not signed, and need a signature only where `verify` names keys
   */
  readonly sign?: SignOption | undefined;
}

/** A build cache that several computers share. Its failures are warnings: a build continues without it. */
export interface RegistryCache extends AsyncDisposable {
  /**
   * Looks for the entry of a key and passes it to `take`. If `take` throws because the bytes are wrong, the next
   * repository is asked.
   *
   * @param what names the entry in messages: `services.web`
   * @returns the result of `take`; undefined if no repository has a valid entry
   * @throws CANCELLED, DISK_FULL, UNWRITABLE
   */
  fetch<T>(key: string, what: string, take: (content: CacheContent) => Promise<T>): Promise<T | undefined>;
  /** As {@link fetch}, for a blob by its digest. */
  fetchBlob<T>(
    blob: Pick<Descriptor, "digest" | "size">,
    what: string,
    take: (bytes: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<T | undefined>;
  /** Starts to store an entry, unless the repository has it; {@link settle} waits until it is stored. */
  keep(key: string, what: string, content: CacheContent): void;
  /** As {@link keep}, for blobs. */
  keepBlobs(what: string, blobs: readonly KeptBlob[]): void;
  /** Waits for every upload that was started. Disposing aborts uploads that are not settled. @throws CANCELLED */
  settle(): Promise<void>;
}

export interface RegistryCacheOptions extends RegistryOptions {
  readonly verify?: VerifyRules | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Most uploads, and most downloads, at the same time. */
const CONNECTIONS = 3;

/** Bytes of an upload's piece; each connection holds two in memory. */
const CHUNK_BYTES = 4 << 20;

/** How long a silent cache is waited for: building is seldom much slower. */
const PATIENCE = { fetch: { timeoutSeconds: 20, retry: { attempts: 2 } }, keep: { timeoutSeconds: 40, retry: { attempts: 2 } } } as const;

/**
 * Opens a build cache in repositories of registries. Each key is a tag of a small manifest, which names the bytes.
 *
 * @throws INVALID_DEFINITION for a malformed repository or key
 */
export function openRegistryCache({ from = [], to, sign }: CacheOption, options: RegistryCacheOptions): RegistryCache {
  const { onProgress } = options;
  const signer = sign === undefined ? undefined : keyOf(sign, "cache.sign");
  const end = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, end.signal]) : end.signal;
  const open = (text: string, path: string, actions: "pull" | "pull,push", more: RegistryOptions) => {
    const parsed = parseRepositoryName(text, path);
    const keys = keysFor(parsed, options.verify) ?? (signer && [signer]);
    return cacheRepository(
      createRegistryClient({ ...options, ...more, signal }).repository(parsed.registry, parsed.repository, actions),
      keys,
      onProgress,
    );
  };
  const isList = typeof from !== "string";
  const sources = [from].flat().map((text, at) => open(text, isList ? `cache.from[${at}]` : "cache.from", "pull", PATIENCE.fetch));
  const target = to === undefined ? undefined : open(to, "cache.to", "pull,push", PATIENCE.keep);

  const downloads = new Budget(CONNECTIONS);
  const uploads = new Budget(CONNECTIONS);
  const underWay: Promise<void>[] = [];
  /** Entries that were found to be invalid: their tag exists, and must be set again. */
  const refused = new Set<string>();
  const tally = { fetched: 0, fetchedBytes: 0, sentBytes: 0 };

  const seek = async <T>(
    what: string,
    size: number | undefined,
    look: (cache: CacheRepository) => Promise<T | undefined>,
  ): Promise<T | undefined> => {
    for (const cache of sources) {
      const found = await attempt(cache, what, "fetch", () => look(cache));
      if (found === undefined) continue;
      tally.fetched++;
      tally.fetchedBytes += size ?? 0;
      return found;
    }
    return undefined;
  };
  const upload = (what: string, work: (cache: CacheRepository) => Promise<number>): void => {
    if (!target) return;
    const running = uploads.run(1, async () => {
      tally.sentBytes += (await attempt(target, what, "keep", () => work(target))) ?? 0;
    });
    // settle throws its error; until then it must not count as unhandled
    running.catch(() => {});
    underWay.push(running);
  };
  const shown = (bytes: AsyncIterable<Uint8Array>, message: string, total: number): AsyncIterable<Uint8Array> =>
    counted(bytes, runningTotal(onProgress, { stage: "cache", message, total }));
  const pushOptions = (cache: CacheRepository): PushBlobOptions => {
    const neighbour = sources.find(
      ({ repository: { registry, repository } }) => registry === cache.repository.registry && repository !== cache.repository.repository,
    );
    return { chunkSize: CHUNK_BYTES, ...(neighbour && { mountFrom: neighbour.repository.repository }) };
  };

  return {
    fetch: (key, what, take) =>
      downloads.run(1, () =>
        seek(what, undefined, async ({ repository, keys }) => {
          try {
            const content = await fetchEntry(repository, key, keys);
            if (!content) return undefined;
            const taken = await take({
              ...content,
              open: () => shown(content.open(), `fetch ${what} from ${repository.name}`, content.size),
            });
            tally.fetchedBytes += content.size;
            return taken;
          } catch (error) {
            refused.add(`${repository.name} ${key}`);
            throw error;
          }
        }),
      ),
    fetchBlob: (blob, what, take) =>
      downloads.run(1, () =>
        seek(what, blob.size, async ({ repository }) => {
          if (!(await hasBlob(repository, blob.digest))) return undefined;
          return take(shown(fetchBlob(repository, { ...blob, mediaType: "" }), `fetch ${what} from ${repository.name}`, blob.size));
        }),
      ),
    keep(key, what, content) {
      upload(what, async (cache) => {
        const { repository } = cache;
        if (!refused.has(`${repository.name} ${key}`) && (await hasEntry(repository, key, signer))) return 0;
        return pushEntry(
          repository,
          key,
          { ...content, open: () => shown(content.open(), `store ${what} in ${repository.name}`, content.size) },
          { ...pushOptions(cache), signer },
        );
      });
    },
    keepBlobs(what, blobs) {
      if (blobs.length > 0) upload(what, (cache) => pushBlobs(cache.repository, blobs, pushOptions(cache)));
    },
    async settle() {
      // waits for all of them, so that no upload outlives the call when one of them throws
      const ended = await Promise.allSettled(underWay.splice(0));
      for (const one of ended) if (one.status === "rejected") throw one.reason;
      const { fetched, fetchedBytes, sentBytes } = tally;
      const names = [...new Set([...sources, ...(target ? [target] : [])].map(({ repository }) => repository.name))].join(", ");
      onProgress?.({
        stage: "cache",
        message: `cache ${names}: fetched ${fetched} entries (${megabytes(fetchedBytes)}), stored ${megabytes(sentBytes)}`,
        lasting: true,
      });
      Object.assign(tally, { fetched: 0, fetchedBytes: 0, sentBytes: 0 });
    },
    async [Symbol.asyncDispose]() {
      end.abort();
      await Promise.allSettled(underWay.splice(0));
    },
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
