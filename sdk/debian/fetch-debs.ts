import type { BlobStore } from "../cache/blob-store.ts";
import { counted } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import { isLinuxKitError, LinuxKitError } from "../core/errors.ts";
import { forEachParallel } from "../core/parallel.ts";
import { type OnProgress, runningTotal } from "../core/progress.ts";
import { createTransport, type TransportOptions } from "../net/transport.ts";
import { debDigest, type LockedDeb } from "./locked.ts";
import { chooseMirrors, type MirrorOptions, type Mirrors } from "./mirror.ts";
import { mirrorFile } from "./mirror-file.ts";

export interface FetchOptions extends MirrorOptions, TransportOptions {
  readonly store: BlobStore;
  readonly onProgress?: OnProgress | undefined;
  /** How many packages are fetched at a time. @default 6 */
  readonly parallel?: number | undefined;
  /** Asked for what no mirror has. @default nothing is */
  readonly elsewhere?: PackageKeeper | undefined;
  /** Chosen already; else they are chosen when the first package is missing. */
  readonly mirrors?: Mirrors | undefined;
}

/** Keeps packages by their digests. */
export interface PackageKeeper {
  /** Gives a package's bytes to `take`; undefined where it has not got them. */
  fetchBlob<T>(
    blob: { readonly digest: Digest; readonly size: number },
    what: string,
    take: (bytes: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<T | undefined>;
}

/** What pins a .deb and says where it lies. */
export type PinnedDeb = Pick<LockedDeb, "name" | "version" | "filename" | "size" | "sha256" | "archive">;

/**
 * Sees to it that every package is in the blob store, whole and with the sha256 it was locked with. What is there costs
 * no connection and needs no mirror. A package that its archive has dropped is sought in the other archive, then in the
 * snapshot mirror, and last, as when no mirror answers, `elsewhere`; another version is never taken.
 *
 * @throws PACKAGE_UNAVAILABLE when no source has it, DIGEST_MISMATCH or SIZE_MISMATCH when what came is not it, NO_MIRROR,
 * NETWORK, TIMEOUT, ACCESS_DENIED, CANCELLED, DISK_FULL
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

/** The mirrors, or why there are none: who keeps packages elsewhere may not need them. */
async function mirrorsOf(options: FetchOptions): Promise<Mirrors | LinuxKitError<"NO_MIRROR">> {
  try {
    return options.mirrors ?? (await chooseMirrors(options));
  } catch (error) {
    if (options.elsewhere && isLinuxKitError(error, "NO_MIRROR")) return error;
    throw error;
  }
}

async function fetchDeb(
  deb: PinnedDeb,
  mirrors: Mirrors | LinuxKitError<"NO_MIRROR">,
  options: FetchOptions,
  report: (bytes: number) => void,
): Promise<void> {
  const { elsewhere, store, signal } = options;
  try {
    if (mirrors instanceof Error) throw mirrors;
    await fetchFromMirrors(deb, mirrors, options, report);
  } catch (error) {
    const isGone = (
      ["PACKAGE_UNAVAILABLE", "NO_MIRROR", "NETWORK", "TIMEOUT", "ACCESS_DENIED", "SIZE_MISMATCH", "DIGEST_MISMATCH"] as const
    ).some((code) => isLinuxKitError(error, code));
    if (!elsewhere || !isGone) throw error;
    const digest = debDigest(deb);
    const what = `${deb.name} ${deb.version}`;
    const found = await elsewhere.fetchBlob({ digest, size: deb.size }, what, (bytes) =>
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
      ? "set debianSnapshot to a mirror that keeps old packages, share a cache in a registry, or update the lock"
      : "update the lock";
  throw new LinuxKitError(
    "PACKAGE_UNAVAILABLE",
    `${deb.name} ${deb.version} is locked, and no source has ${deb.filename} any more (asked: ${bases.join(", ")}): ${advice}`,
    { package: deb.name, version: deb.version },
  );
}
