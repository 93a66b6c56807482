import type { BlobStore } from "../cache/blob-store.ts";
import type { OnProgress } from "../core/progress.ts";
import type { LockedDeb } from "../debian/locked.ts";
import type { Signer } from "../disk/signer.ts";
import type { FormatName } from "../format/formats.ts";
import type { RegistryCache } from "../share/registry-cache.ts";
import type { Trusts } from "../share/trust.ts";
import type { PlanSources } from "./sources.ts";

/** Options of {@link buildPlan}. */
export interface BuildPlanOptions {
  /** One or more formats to write. @default "kernel+initrd" */
  readonly format?: FormatName | readonly FormatName[] | undefined;
  /** The base name of the files. */
  readonly name: string;
  /** The folder for the files; created if missing. */
  readonly outputDir: string;
  /** Holds packages, layers and large files. */
  readonly store: BlobStore;
  /** The folder of segments and process locks. See `defaultCacheDir`. */
  readonly cacheDir: string;
  /** Opens the images, kernels and blobs that the plan names. */
  readonly sources: PlanSources;
  /** The packages that the formats' boot loaders come from. @default [], for formats without a loader */
  readonly loaders?: readonly LockedDeb[] | undefined;
  /** The minimum size of each disk, in MiB. @default the smallest size that holds its content */
  readonly diskMiB?: number | undefined;
  /** Signs the EFI programs for Secure Boot. @default unsigned */
  readonly signer?: Signer | undefined;
  /** The size limit of the cache after the build, in bytes. @default DEFAULT_CACHE_LIMIT */
  readonly cacheLimit?: number | undefined;
  /** A cache in a registry, shared between computers: read before a piece is made, and written afterwards. @default no shared cache */
  readonly shared?: RegistryCache | undefined;
  /** Whether a segment that another computer made may be used. @default every one */
  readonly trusts?: Trusts | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}
