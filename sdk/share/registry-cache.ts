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
import { type CachePlace, cachePlace, tried } from "./cache-place.ts";
import { type KeptBlob, pushBlobs } from "./cached-blobs.ts";
import { parseRepositoryName } from "./repository-name.ts";

/** Repositories of registries that keep what builds made, by what it was made of. */
export interface CacheOption {
  /** Asked in this order, before something is made. @default none */
  readonly from?: string | readonly string[] | undefined;
  /** Gets what was made. One that `from` names too is the usual. @default none */
  readonly to?: string | undefined;
  /**
   * Signs what `to` gets. Of what `from` has only that is taken which is signed by this key, or by those that `verify`
   * names for its repository. @default nothing is signed, and what `verify` names no key for need not be
   */
  readonly sign?: SignOption | undefined;
}

/** What machines that build share. Whatever it fails at is a warning: a build goes on without it. */
export interface RegistryCache extends AsyncDisposable {
  /**
   * Seeks what is kept under a key, and gives it to `take`. Where that throws because the bytes are wrong, the next
   * repository is asked.
   *
   * @param what names it in messages: `services.web`
   * @throws CANCELLED, DISK_FULL, UNWRITABLE
   */
  fetch<T>(key: string, what: string, take: (content: CacheContent) => Promise<T>): Promise<T | undefined>;
  /** As {@link fetch}, of a blob by its digest. */
  fetchBlob<T>(
    blob: Pick<Descriptor, "digest" | "size">,
    what: string,
    take: (bytes: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<T | undefined>;
  /** Begins to keep something, unless it is kept already: {@link settle} waits for the end of it. */
  keep(key: string, what: string, content: CacheContent): void;
  /** As {@link keep}, of blobs. */
  keepBlobs(what: string, blobs: readonly KeptBlob[]): void;
  /** Resolves once all is kept that was to be; what is not settled is given up in the end. @throws CANCELLED */
  settle(): Promise<void>;
}

export interface RegistryCacheOptions extends RegistryOptions {
  readonly verify?: VerifyRules | undefined;
  readonly onProgress?: OnProgress | undefined;
}

/** Uploads, and downloads, at a time. */
const CONNECTIONS = 3;

/** Bytes of an upload that are held, twice, for each connection. */
const CHUNK_BYTES = 4 << 20;

/** A cache that is silent for so long is not waited for: making things is seldom much slower. */
const PATIENCE = { fetch: { timeoutSeconds: 20, retry: { attempts: 2 } }, keep: { timeoutSeconds: 40, retry: { attempts: 2 } } } as const;

/**
 * A cache in repositories of registries: for each key a small manifest under a tag, which says what the bytes are.
 *
 * @throws INVALID_DEFINITION for what is no repository, and for what is no key
 */
export function openRegistryCache({ from = [], to, sign }: CacheOption, options: RegistryCacheOptions): RegistryCache {
  const { onProgress } = options;
  const signer = sign === undefined ? undefined : keyOf(sign, "cache.sign");
  const end = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, end.signal]) : end.signal;
  const open = (text: string, path: string, actions: "pull" | "pull,push", more: RegistryOptions) => {
    const parsed = parseRepositoryName(text, path);
    const keys = keysFor(parsed, options.verify) ?? (signer && [signer]);
    return cachePlace(
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
  /** What was found to be wrong where it is to be kept: the tag is there, and has to be set again. */
  const refused = new Set<string>();
  const tally = { fetched: 0, fetchedBytes: 0, sentBytes: 0 };

  const seek = async <T>(
    what: string,
    size: number | undefined,
    look: (place: CachePlace) => Promise<T | undefined>,
  ): Promise<T | undefined> => {
    for (const place of sources) {
      const found = await tried(place, what, "fetch", () => look(place));
      if (found === undefined) continue;
      tally.fetched++;
      tally.fetchedBytes += size ?? 0;
      return found;
    }
    return undefined;
  };
  const upload = (what: string, work: (place: CachePlace) => Promise<number>): void => {
    if (!target) return;
    const running = uploads.run(1, async () => {
      tally.sentBytes += (await tried(target, what, "keep", () => work(target))) ?? 0;
    });
    // its error is seen by whoever settles; until then it must not count as unhandled
    running.catch(() => {});
    underWay.push(running);
  };
  const shown = (bytes: AsyncIterable<Uint8Array>, message: string, total: number): AsyncIterable<Uint8Array> =>
    counted(bytes, runningTotal(onProgress, { stage: "cache", message, total }));
  const pushOptions = (place: CachePlace): PushBlobOptions => {
    const neighbour = sources.find(
      ({ repository: { registry, repository } }) => registry === place.repository.registry && repository !== place.repository.repository,
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
      upload(what, async (place) => {
        const { repository } = place;
        if (!refused.has(`${repository.name} ${key}`) && (await hasEntry(repository, key, signer))) return 0;
        return pushEntry(
          repository,
          key,
          { ...content, open: () => shown(content.open(), `keep ${what} in ${repository.name}`, content.size) },
          { ...pushOptions(place), signer },
        );
      });
    },
    keepBlobs(what, blobs) {
      if (blobs.length > 0) upload(what, (place) => pushBlobs(place.repository, blobs, pushOptions(place)));
    },
    async settle() {
      // all of them, so that nothing runs on unseen when one of them throws
      const ended = await Promise.allSettled(underWay.splice(0));
      for (const one of ended) if (one.status === "rejected") throw one.reason;
      const { fetched, fetchedBytes, sentBytes } = tally;
      const names = [...new Set([...sources, ...(target ? [target] : [])].map(({ repository }) => repository.name))].join(", ");
      onProgress?.({
        stage: "cache",
        message: `${fetched} pieces (${megabytes(fetchedBytes)}) came from, and ${megabytes(sentBytes)} went to ${names}`,
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
