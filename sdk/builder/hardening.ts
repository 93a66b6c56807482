import { BlobStore } from "../cache/blob-store.ts";
import { defaultCacheDir } from "../cache/location.ts";
import type { Arch } from "../core/arch.ts";
import type { OnProgress } from "../core/progress.ts";
import type { Image } from "../definition/image.ts";
import { knownDefinition } from "../definition/known-definition.ts";
import { type HardeningReport, hardeningReport } from "../hardening/report.ts";
import type { Lock } from "../resolve/lock.ts";
import { kernelConfigOf } from "./kernel-config.ts";
import type { Origins } from "./origins.ts";

/** Options of {@link hardening}. */
export interface HardeningOptions extends Origins {
  /** The architecture. @default "amd64" */
  readonly arch?: Arch | undefined;
  /** The lock of a build: its kernel is reported on. @default the newest kernel */
  readonly lock?: Lock | undefined;
  /** The text of the kernel's configuration, for a kernel that does not come from Debian. @default Debian's own @example readFileSync("config-6.12", "utf8") */
  readonly kernelConfig?: string | undefined;
  /** The folder of the cache. @default see `defaultCacheDir` */
  readonly cacheDir?: string | undefined;
  /** Called with what is done, and how much of it. @default not called */
  readonly onProgress?: OnProgress | undefined;
  /** Aborts the work; it then fails with CANCELLED. @default it runs to its end */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reports the recommendations of the Kernel Self Protection Project for an OS and the kernel that a build would use.
 * Each setting is on, off, waived, or set but inert. Each option of the kernel's configuration is on or off.
 *
 * @throws INVALID_DEFINITION, NO_MIRROR, NETWORK, SIGNATURE_INVALID, PACKAGE_UNAVAILABLE, CANCELLED
 */
export async function hardening(image: Image, options: HardeningOptions = {}): Promise<HardeningReport> {
  const { arch = "amd64", cacheDir = defaultCacheDir(), lock } = options;
  const { kernel, harden } = image.spec;
  knownDefinition({ kernel, harden });
  const config =
    options.kernelConfig ?? (await kernelConfigOf(image.spec, { ...options, arch, cacheDir, store: new BlobStore(cacheDir) }, lock));
  return hardeningReport({ arch, cmdline: kernel?.cmdline ?? "", harden, config });
}
