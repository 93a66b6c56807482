import type { DebContents } from "./contents.ts";
import type { PinnedDeb } from "./fetch-debs.ts";
import type { Repository } from "./repository.ts";

/** Reads packages for the closure. */
export interface SlimSources {
  readonly repository: Repository;
  /** What a package installs; fetches the package if it is not in the store. */
  readonly contents: (record: PinnedDeb) => Promise<DebContents>;
  /** Fetches several packages at once, so that {@link contents} finds them in the store. */
  readonly fetch: (records: readonly PinnedDeb[]) => Promise<void>;
  /** Libraries that the image gets from elsewhere, by soname. @default none */
  readonly provided?: readonly string[];
}
