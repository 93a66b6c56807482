import type { BlobStore } from "../cache/blob-store.ts";
import type { OnProgress } from "../core/progress.ts";
import type { LockedDeb } from "../debian/locked.ts";
import type { Signer } from "../disk/signer.ts";
import type { FormatName } from "../format/formats.ts";
import type { RegistryCache } from "../share/registry-cache.ts";
import type { PlanSources } from "./sources.ts";

/** What a plan is built with. */
export interface BuildPlanOptions {
  /** One format, or several to be written by one build. @default "kernel+initrd" */
  readonly format?: FormatName | readonly FormatName[] | undefined;
  /** What the files' names begin with. */
  readonly name: string;
  /** Where they go; made when it is not there. */
  readonly outputDir: string;
  /** Holds packages, layers and large files. */
  readonly store: BlobStore;
  /** Holds segments, and locks. See `defaultCacheDir`. */
  readonly cacheDir: string;
  /** Opens what the plan names. */
  readonly sources: PlanSources;
  /** The packages that the formats' loaders come from. @default none: for formats that take none */
  readonly loaders?: readonly LockedDeb[] | undefined;
  /** MiB that each disk has at least. @default as few as hold its content */
  readonly diskMiB?: number | undefined;
  /** Signs the EFI programs for Secure Boot. @default none are signed */
  readonly signer?: Signer | undefined;
  /** Bytes that the cache may hold once the build is done. @default DEFAULT_CACHE_LIMIT */
  readonly cacheLimit?: number | undefined;
  /** What machines share: asked before something is made, and given what was. @default nothing */
  readonly shared?: RegistryCache | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}
