import type { DebianImage } from "../definition/debian-image.ts";
import { LinuxKitError } from "../core/errors.ts";
import { closureOf, dependenciesOf } from "./closure.ts";
import { type DebContents, debContents, knownContents } from "./contents.ts";
import { ensureDebs, type FetchOptions, type PinnedDeb } from "./fetch-debs.ts";
import { EMPTY_LIBRARIES } from "./empty-libraries.ts";
import type { Keep, LockedDeb, LockedDebian } from "./locked.ts";
import type { PackageRecord } from "./record.ts";
import type { Repository } from "./repository.ts";
import type { OpenedDeb } from "./selection.ts";
import { slimClosure } from "./slim-closure.ts";
import type { SlimSources } from "./slim-sources.ts";

export interface LockOptions extends FetchOptions {
  /** The folder with `indexes/`. See `defaultCacheDir`. */
  readonly cacheDir: string;
}

/**
 * Chooses the packages of an image and pins them. Equal indexes give an equal lock. The packages of a slim image are
 * fetched too, because only their programs show which libraries they need.
 *
 * @throws NOT_FOUND for an unknown package, a dependency that cannot be met, or a library that is not found; and the
 * errors of {@link ensureDebs}
 */
export async function lockPackages(image: DebianImage, repository: Repository, options: LockOptions): Promise<LockedDebian> {
  const { debian } = image;
  options.onProgress?.({
    stage: "resolve",
    message: debian.role === "kernel" ? "choosing the kernel's package" : `choosing packages for ${debian.packages.join(", ")}`,
  });
  if (debian.role === "kernel") return locked([[await kernelPackage(repository, debian.flavour ?? "cloud"), "kernel"]]);
  if (debian.dependencies === "all") {
    const records = await closureOf(debian.packages, repository);
    return locked(records.map((record) => [record, "all"]));
  }
  const reader = contentsReader(repository, options);
  const { whole, libraries } = await slimClosure(debian.packages, debian, {
    repository,
    ...reader,
    provided: debian.role === "init" ? EMPTY_LIBRARIES : [],
  });
  const chosen = [
    ...whole.map((record): [PackageRecord, Keep] => [record, "slim"]),
    ...[...libraries.values()].map(({ record, sonames }): [PackageRecord, Keep] => [record, { sonames: [...sonames].sort() }]),
  ];
  const licenses = new Map<string, string | undefined>();
  for (const [record] of chosen) licenses.set(record.name, (await reader.contents(record)).about.license);
  return locked(chosen, licenses);
}

/** Reads packages' contents, and fetches what the store lacks. A package is read once. */
export function contentsReader(repository: Repository, options: LockOptions): Pick<SlimSources, "contents" | "fetch"> {
  const fetch = (records: readonly PinnedDeb[]): Promise<void> => ensureDebs(records, { ...options, mirrors: repository.mirrors });
  const known = new Map<string, Promise<DebContents>>();
  const contents = (record: PinnedDeb): Promise<DebContents> => {
    const found = known.get(record.sha256) ?? fetch([record]).then(() => debContents(record, options.store, options.cacheDir));
    known.set(record.sha256, found);
    return found;
  };
  return { contents, fetch };
}

/** Locked packages and their contents. Only a package whose contents are not known is fetched. */
export async function openContents(packages: readonly LockedDeb[], options: LockOptions): Promise<OpenedDeb[]> {
  const opened: OpenedDeb[] = [];
  for (const deb of packages) {
    const known = await knownContents(deb, options.cacheDir);
    if (known === undefined) await ensureDebs([deb], options);
    opened.push({ deb, contents: known ?? (await debContents(deb, options.store, options.cacheDir)) });
  }
  return opened;
}

/**
 * Pins packages by name, without their dependencies: only files are read from them.
 *
 * @throws NOT_FOUND for an unknown package
 */
export async function lockAlone(names: readonly string[], repository: Repository): Promise<readonly LockedDeb[]> {
  const records = await Promise.all(names.map((name) => repository.newest(name)));
  return locked(records.map((record) => [record, "all"])).packages;
}

/** The kernel of a flavour's metapackage. s390x has only one flavour. */
async function kernelPackage(repository: Repository, flavour: "cloud" | "generic"): Promise<PackageRecord> {
  const { arch } = repository;
  const name = flavour === "cloud" && arch !== "s390x" ? `linux-image-cloud-${arch}` : `linux-image-${arch}`;
  const meta = await repository.newest(name);
  const kernel = (await dependenciesOf(meta, repository, new Map())).find((record) => record.name.startsWith("linux-image-"));
  if (!kernel)
    throw new LinuxKitError(
      "NOT_FOUND",
      `${name} ${meta.version} does not depend on a kernel package: got ${meta.depends || "no dependencies"}, wanted linux-image-…`,
      {
        what: name,
      },
    );
  return kernel;
}

function locked(
  chosen: readonly (readonly [PackageRecord, Keep])[],
  licenses: ReadonlyMap<string, string | undefined> = new Map(),
): LockedDebian {
  const packages = chosen.map(([record, keep]): LockedDeb => {
    const { name, version, architecture, filename, size, sha256, archive } = record;
    const source = { name: record.source, version: record.sourceVersion };
    const license = licenses.get(name);
    return {
      ...{ name, version, architecture, filename, size, sha256, archive, keep },
      source,
      ...(license !== undefined && { license }),
    };
  });
  return { packages: packages.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}
