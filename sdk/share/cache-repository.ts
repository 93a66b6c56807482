import { isLinuxKitError, throwIfCancelled } from "../core/errors.ts";
import type { OnProgress } from "../core/progress.ts";
import type { Repository } from "../oci/registry/client.ts";
import type { VerifyingKey } from "../sign/key.ts";

/** A repository that keeps a cache. It is asked as long as it answers. */
export interface CachePlace {
  readonly repository: Repository;
  /** One of which must have signed what it has. @default nothing need be signed */
  readonly keys?: readonly VerifyingKey[] | undefined;
  /** Where messages go. */
  readonly warn: (message: string) => void;
  isGivenUp: boolean;
}

export function cachePlace(
  repository: Repository,
  keys: readonly VerifyingKey[] | undefined,
  onProgress: OnProgress | undefined,
): CachePlace {
  return { repository, keys, isGivenUp: false, warn: (message) => onProgress?.({ stage: "cache", message, lasting: true }) };
}

/** What a registry sent is not what it should be; the next thing may well be. */
const WRONG = ["DIGEST_MISMATCH", "SIZE_MISMATCH", "CORRUPT", "TOO_LARGE", "NOT_FOUND", "SIGNATURE_INVALID"] as const;

/** What has nothing to do with the registry, and would end the build anyway. */
const OURS = ["CANCELLED", "DISK_FULL", "UNWRITABLE"] as const;

/**
 * Does something with a cache that the build can do without. A failure is a warning, and one of the registry itself is
 * the last: it is not asked again.
 *
 * @param what names it in messages: `services.web`
 * @returns undefined where it failed
 * @throws CANCELLED, DISK_FULL, UNWRITABLE
 */
export async function tried<T>(place: CachePlace, what: string, doing: "fetch" | "keep", work: () => Promise<T>): Promise<T | undefined> {
  if (place.isGivenUp) return undefined;
  const { repository, warn } = place;
  try {
    return await work();
  } catch (error) {
    throwIfCancelled(repository.transport.signal, "the build");
    if (OURS.some((code) => isLinuxKitError(error, code))) throw error;
    const said = error instanceof Error ? error.message : String(error);
    if (WRONG.some((code) => isLinuxKitError(error, code))) {
      warn(
        doing === "fetch"
          ? `${what}: what the cache ${repository.name} has is refused: ${said}`
          : `${what} is not kept in the cache ${repository.name}: ${said}`,
      );
    } else if (!place.isGivenUp) {
      place.isGivenUp = true;
      warn(`the cache ${repository.name} is not asked any more in this build: ${said}`);
    }
    return undefined;
  }
}
