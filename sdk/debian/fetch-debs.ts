import type { BlobStore } from "../cache/blob-store.ts";
import { counted } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { isLinuxKitError, LinuxKitError } from "../core/errors.ts";
import { forEachParallel } from "../core/parallel.ts";
import { type OnProgress, runningTotal } from "../core/progress.ts";
import { createTransport, type TransportOptions } from "../net/transport.ts";
import { debDigest, type LockedDeb } from "./locked.ts";
import { chooseMirrors, mirrorAuthorization, type MirrorOptions, type Mirrors } from "./mirror.ts";
import { mirrorFile } from "./mirror-file.ts";

export interface FetchOptions extends MirrorOptions, TransportOptions {
  readonly store: BlobStore;
  readonly onProgress?: OnProgress | undefined;
  /** How many packages are fetched concurrently. @default 6 */
  readonly parallel?: number | undefined;
  /** A cache to use for packages that the mirrors lack. @default no cache */
  readonly sharedCache?: PackageCache | undefined;
  /** The mirrors. @default chosen when the first package is missing */
  readonly mirrors?: Mirrors | undefined;
}

/** A cache of packages by digest. */
export interface PackageCache {
  /** Passes a package's bytes to `take` and returns its result; undefined if the cache lacks the package. */
  fetchBlob<T>(
    blob: { readonly digest: Digest; readonly size: number },
    what: string,
    take: (bytes: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<T | undefined>;
}

/** A .deb, pinned to its bytes, and its path. */
export type PinnedDeb = Pick<LockedDeb, "name" | "version" | "filename" | "size" | "sha256" | "archive">;

/**
 * Fetches packages into the blob store and verifies their sha256. A package in the store needs no connection and no
 * mirror. If an archive has dropped a package, the other archive is tried, then the snapshot mirror, then `sharedCache`,
 * which is also used if no mirror answers. Another version is never used.
 *
 * @throws PACKAGE_UNAVAILABLE if no source has a package; DIGEST_MISMATCH or SIZE_MISMATCH if a source has other bytes;
 * NO_MIRROR, NETWORK, TIMEOUT, ACCESS_DENIED, CANCELLED, DISK_FULL
 */
export async function ensureDebs(packages: readonly PinnedDeb[], options: FetchOptions): Promise<void> {
  const missing: PinnedDeb[] = [];
  const seen = new Set<string>();
  for (const deb of packages) {
    if (seen.has(deb.sha256)) continue;
    seen.add(deb.sha256);
    if (!(await options.store.find(debDigest(deb)))) missing.push(deb);
  }
  if (missing.length === 0) return;
  const mirrors = await mirrorsOf(options);
  const total = missing.reduce((sum, { size }) => sum + size, 0);
  const message = missing.length === 1 ? `fetching ${missing[0]?.name}` : `fetching ${missing.length} packages`;
  const report = runningTotal(options.onProgress, { stage: "fetch", message, total });
  await forEachParallel(missing, options.parallel ?? 6, options.signal, (deb, signal) =>
    fetchDeb(deb, mirrors, { ...options, signal }, report),
  );
}

/** The mirrors, or the error: with a shared cache the mirrors may not be needed. */
async function mirrorsOf(options: FetchOptions): Promise<Mirrors | LinuxKitError<"NO_MIRROR">> {
  try {
    return options.mirrors ?? (await chooseMirrors(options));
  } catch (error) {
    if (options.sharedCache && isLinuxKitError(error, "NO_MIRROR")) return error;
    throw error;
  }
}

async function fetchDeb(
  deb: PinnedDeb,
  mirrors: Mirrors | LinuxKitError<"NO_MIRROR">,
  options: FetchOptions,
  report: (bytes: number) => void,
): Promise<void> {
  const { sharedCache, store, signal } = options;
  try {
    if (mirrors instanceof Error) throw mirrors;
    await fetchFromMirrors(deb, mirrors, { ...options, authorization: mirrorAuthorization(mirrors) }, report);
  } catch (error) {
    const isUnavailable = (
      ["PACKAGE_UNAVAILABLE", "NO_MIRROR", "NETWORK", "TIMEOUT", "ACCESS_DENIED", "SIZE_MISMATCH", "DIGEST_MISMATCH"] as const
    ).some((code) => isLinuxKitError(error, code));
    if (!sharedCache || !isUnavailable) throw error;
    const digest = debDigest(deb);
    const what = `${deb.name} ${deb.version}`;
    const found = await sharedCache.fetchBlob({ digest, size: deb.size }, what, (bytes) =>
      store.put(counted(bytes, report), { digest, size: deb.size }, { signal, what }),
    );
    if (!found) throw error;
  }
}

async function fetchFromMirrors(deb: PinnedDeb, mirrors: Mirrors, options: FetchOptions, report: (bytes: number) => void): Promise<void> {
  const other = deb.archive === "debian" ? mirrors.security : mirrors.debian;
  const bases = [mirrors[deb.archive], other, ...(mirrors.snapshot === undefined ? [] : [mirrors.snapshot])];
  for (const base of bases) {
    const url = `${base}/${deb.filename}`;
    try {
      await options.store.put(
        counted(mirrorFile(url, createTransport(options), deb.size), report),
        { digest: debDigest(deb), size: deb.size },
        { signal: options.signal, what: url },
      );
      return;
    } catch (error) {
      if (!isLinuxKitError(error, "NOT_FOUND")) throw error;
    }
  }
  const advice =
    mirrors.snapshot === undefined
      ? 'set debianSnapshot to a mirror that keeps old packages, use a shared cache, or set update: "always" for newer versions'
      : 'set update: "always" for newer versions';
  throw new LinuxKitError(
    "PACKAGE_UNAVAILABLE",
    `the lock has ${deb.name} ${deb.version}, but ${deb.filename} is not in any of ${bases.join(", ")}: ${advice}`,
    { package: deb.name, version: deb.version },
  );
}
