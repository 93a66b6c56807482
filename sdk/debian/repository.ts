import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { PublicKey } from "openpgp";
import type { BlobStore } from "../cache/blob-store.ts";
import type { Arch } from "../core/arch.ts";
import { collect } from "../core/bytes.ts";
import { hexOf } from "../core/digest.ts";
import { isLinuxKitError, LinuxKitError } from "../core/errors.ts";
import type { OnProgress } from "../core/progress.ts";
import { nearest } from "../core/suggest.ts";
import { createTransport, type TransportOptions } from "../net/transport.ts";
import { decompress } from "./decompress.ts";
import { type Alternative, parseProvides, provisionMeets, versionMeets } from "./dependency.ts";
import { hostKeyring, TRUSTED_FINGERPRINTS, trustedKeys } from "./keys.ts";
import { keyringFromPackage } from "./keyring-package.ts";
import { chooseMirrors, mirrorAuthorization, type MirrorOptions, type Mirrors } from "./mirror.ts";
import { mirrorFile } from "./mirror-file.ts";
import { refuseOlderRelease } from "./newest-release.ts";
import { openPackageIndex, type PackageIndex, writePackageIndex } from "./package-index.ts";
import { type PackageRecord, SUITES } from "./record.ts";
import { parseRelease, type Release, type ReleaseFile, verifyRelease } from "./release.ts";
import { compareVersions } from "./version.ts";

export interface RepositoryOptions extends MirrorOptions, TransportOptions {
  readonly arch: Arch;
  /** The folder with `indexes/`. See `defaultCacheDir`. */
  readonly cacheDir: string;
  readonly store: BlobStore;
  readonly onProgress?: OnProgress | undefined;
  /** The time to compare with `Valid-Until`. @default the clock */
  readonly now?: (() => Date) | undefined;
  /** Fingerprints of the primary keys to trust. @default {@link TRUSTED_FINGERPRINTS} */
  readonly fingerprints?: readonly string[] | undefined;
  /** Reads the keyring. If it returns undefined, the keyring comes from the mirror's package. @default the host's keyring */
  readonly keyring?: (() => Promise<Uint8Array | undefined>) | undefined;
}

/** Debian's verified indexes for one architecture: the suites bookworm, bookworm-updates and bookworm-security. */
export class Repository {
  readonly arch: Arch;
  readonly mirrors: Mirrors;
  readonly #indexes: readonly PackageIndex[];
  readonly #found = new Map<string, Promise<readonly PackageRecord[]>>();

  constructor(arch: Arch, mirrors: Mirrors, indexes: readonly PackageIndex[]) {
    this.arch = arch;
    this.mirrors = mirrors;
    this.#indexes = indexes;
  }

  /** All versions of a package, newest first; empty for an unknown name. Of equal versions, the one of the older suite comes first. */
  versions(name: string): Promise<readonly PackageRecord[]> {
    let found = this.#found.get(name);
    if (found === undefined) {
      found = Promise.all(this.#indexes.map((index) => index.find(name))).then((records) =>
        records.flat().sort((a, b) => compareVersions(b.version, a.version)),
      );
      this.#found.set(name, found);
    }
    return found;
  }

  /** The newest version of a package. @throws NOT_FOUND, with a suggestion */
  async newest(name: string): Promise<PackageRecord> {
    const [record] = await this.versions(name);
    if (record) return record;
    const virtual = [...new Set(this.#indexes.flatMap((index) => index.providers(name)))].sort();
    const meant = virtual.length > 0 ? undefined : nearest(name, this.#names());
    const advice =
      virtual.length > 0
        ? `: it is virtual, wanted a package that provides it, such as ${virtual.slice(0, 6).join(", ")}`
        : meant
          ? `: did you mean "${meant}"?`
          : "";
    throw new LinuxKitError("NOT_FOUND", `Debian has no package "${name}" for ${this.arch}${advice}`, { what: name });
  }

  /** The packages that meet an alternative: those with its name, newest first, then those that provide it, by name. */
  async meeting(alternative: Alternative): Promise<readonly PackageRecord[]> {
    const real = (await this.versions(alternative.name)).filter(({ version }) => versionMeets(alternative, version));
    const names = new Set(this.#indexes.flatMap((index) => index.providers(alternative.name)));
    const virtual: PackageRecord[] = [];
    for (const name of [...names].sort()) {
      const [record] = await this.versions(name);
      const offers = record ? parseProvides(record.provides, this.arch).filter((provision) => provision.name === alternative.name) : [];
      if (record && offers.some((provision) => provisionMeets(alternative, provision))) virtual.push(record);
    }
    return [...real, ...virtual];
  }

  *#names(): Generator<string> {
    for (const index of this.#indexes) yield* index.names();
  }
}

/**
 * Opens the repository. Fetches and verifies each suite's InRelease, and the package index that it lists by SHA256, unless
 * the index is in `indexes/`.
 *
 * @throws NO_MIRROR, SIGNATURE_INVALID, DIGEST_MISMATCH, SIZE_MISMATCH, CORRUPT, NETWORK, TIMEOUT, NOT_FOUND, ACCESS_DENIED, CANCELLED
 */
export async function openRepository(given: RepositoryOptions): Promise<Repository> {
  const mirrors = await chooseMirrors(given);
  const options = { ...given, authorization: mirrorAuthorization(mirrors) };
  const suites = await Promise.all(
    SUITES.map(async ({ suite, archive }) => {
      const base = `${mirrors[archive]}/dists/${suite}`;
      return { suite, archive, base, text: await fetchText(`${base}/InRelease`, options) };
    }),
  );
  const keys = await loadKeys(options, mirrors, suites[0] as { base: string; text: string });
  const now = options.now?.() ?? new Date();
  const indexes: PackageIndex[] = [];
  for (const { suite, archive, base, text } of suites) {
    const release = await verifyRelease(text, keys, suite, `${base}/InRelease`, now);
    await refuseOlderRelease(release, options.cacheDir, `${base}/InRelease`);
    // long-term support covers fewer architectures than the release: bookworm-security has no s390x
    if (!release.architectures.includes(options.arch)) continue;
    indexes.push(await openIndex(base, release, archive, options));
  }
  return new Repository(options.arch, mirrors, indexes);
}

/** The index that a Release lists for an architecture; written on first use. */
async function openIndex(
  base: string,
  release: Release,
  archive: "debian" | "security",
  options: RepositoryOptions,
): Promise<PackageIndex> {
  const path = `main/binary-${options.arch}/Packages.xz`;
  const file = release.files.get(path);
  if (file === undefined) throw new LinuxKitError("CORRUPT", `${base}/InRelease: the list has no ${path}`, { path: base });
  const directory = join(options.cacheDir, "indexes");
  const key = hexOf(file.digest);
  const kept = await openPackageIndex(directory, key, archive);
  if (kept) return kept;
  options.onProgress?.({ stage: "resolve", message: `reading the packages of ${release.codename}`, total: file.size });
  await fetchIndexFile(base, path, file, release.byHash, options);
  const packages = decompress(options.store.open(file.digest), "xz", `${base}/${path}`);
  await writePackageIndex(directory, key, packages, options.arch, options.signal);
  // the index has the needed parts, so the file can go
  await rm(options.store.path(file.digest), { force: true });
  return (await openPackageIndex(directory, key, archive)) as PackageIndex;
}

// by hash first: if the mirror is updated in between, it keeps the old file under its hash
async function fetchIndexFile(base: string, path: string, file: ReleaseFile, byHash: boolean, options: RepositoryOptions): Promise<void> {
  if (await options.store.find(file.digest)) return;
  const folder = path.slice(0, path.lastIndexOf("/"));
  const urls = [...(byHash ? [`${base}/${folder}/by-hash/SHA256/${hexOf(file.digest)}`] : []), `${base}/${path}`];
  for (const [at, url] of urls.entries()) {
    try {
      await options.store.put(mirrorFile(url, createTransport(options), file.size), file, { signal: options.signal, what: url });
      return;
    } catch (error) {
      if (at === urls.length - 1 || !isLinuxKitError(error, "NOT_FOUND")) throw error;
    }
  }
}

async function loadKeys(options: RepositoryOptions, mirrors: Mirrors, first: { base: string; text: string }): Promise<PublicKey[]> {
  const fingerprints = options.fingerprints ?? TRUSTED_FINGERPRINTS;
  const ring = await (options.keyring ?? hostKeyring)();
  const keys = ring ? await trustedKeys(ring, fingerprints) : [];
  if (keys.length > 0) return keys;
  // This index is not verified, and need not be: of the keyring that it lists, only keys with a fingerprint listed in
  // code are used.
  const unverified = parseRelease(first.text, `${first.base}/InRelease`);
  const index = await openIndex(first.base, unverified, "debian", options);
  const found = await trustedKeys(await keyringFromPackage(index, mirrors.debian, options), fingerprints);
  if (found.length > 0) return found;
  const source = "debian-archive-keyring";
  throw new LinuxKitError(
    "SIGNATURE_INVALID",
    `no trusted key in the host's keyring or the mirror's package ${source}, wanted one of ${fingerprints.join(", ")}`,
    { source },
  );
}

async function fetchText(url: string, options: TransportOptions): Promise<string> {
  return (await collect(mirrorFile(url, createTransport(options)), 4 << 20, url)).toString("utf8");
}
