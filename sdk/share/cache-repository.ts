import { isLinuxKitError, throwIfCancelled } from "../core/errors.ts";
import type { OnProgress } from "../core/progress.ts";
import type { Repository } from "../oci/registry/client.ts";
import type { VerifyingKey } from "../sign/key.ts";

/** A repository that holds a build cache. Once it fails, it is skipped. */
export interface CacheRepository {
  readonly repository: Repository;
  /** One of them must have signed an entry that is fetched. @default entries need not be signed */
  readonly keys?: readonly VerifyingKey[] | undefined;
  /** Reports a warning. */
  readonly warn: (message: string) => void;
  isSkipped: boolean;
}

/** Opens a cache whose warnings go to `onProgress`. */
export function cacheRepository(
  repository: Repository,
  keys: readonly VerifyingKey[] | undefined,
  onProgress: OnProgress | undefined,
): CacheRepository {
  return { repository, keys, isSkipped: false, warn: (message) => onProgress?.({ stage: "cache", message, lasting: true }) };
}

/** One entry is invalid; others may be valid. */
const INVALID_ENTRY = ["DIGEST_MISMATCH", "SIZE_MISMATCH", "CORRUPT", "TOO_LARGE", "NOT_FOUND", "SIGNATURE_INVALID"] as const;

/** Failures that do not concern the registry and end the build. */
const FATAL = ["CANCELLED", "DISK_FULL", "UNWRITABLE"] as const;

/**
 * Runs `work` with a cache, which a build does not depend on. A failure is a warning. After a failure of the registry
 * itself the cache is skipped for the rest of the build.
 *
 * @param what names the entry in messages: `services.web`
 * @returns undefined if it failed
 * @throws CANCELLED, DISK_FULL, UNWRITABLE
 */
export async function attempt<T>(
  cache: CacheRepository,
  what: string,
  doing: "fetch" | "keep",
  work: () => Promise<T>,
): Promise<T | undefined> {
  if (cache.isSkipped) return undefined;
  const { repository, warn } = cache;
  try {
    return await work();
  } catch (error) {
    throwIfCancelled(repository.transport.signal, "the build");
    if (FATAL.some((code) => isLinuxKitError(error, code))) throw error;
    const said = error instanceof Error ? error.message : String(error);
    if (INVALID_ENTRY.some((code) => isLinuxKitError(error, code))) {
      warn(
        doing === "fetch"
          ? `${what}: refused the entry of the cache ${repository.name}: ${said}`
          : `${what}: not stored in the cache ${repository.name}: ${said}`,
      );
    } else if (!cache.isSkipped) {
      cache.isSkipped = true;
      warn(`the cache ${repository.name} is skipped for the rest of this build: ${said}`);
    }
    return undefined;
  }
}
