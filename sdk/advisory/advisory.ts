import type { Installed } from "../sbom/installed.ts";

/** Versions with a fault: from one on, up to one. */
export interface AffectedRange {
  /** The first version with it; `0` is the first of all. */
  readonly introduced: string;
  /** The version that mends it. @default none yet */
  readonly fixed?: string | undefined;
  /** The last version with it, where no version mends it. @default unknown */
  readonly lastAffected?: string | undefined;
}

/** A known fault of one package in one release of a distribution. */
export interface Advisory {
  /** Its name: `CVE-2024-5535`, `DSA-5678-1`. */
  readonly id: string;
  /** Other names of the same fault. */
  readonly aliases: readonly string[];
  /** The distribution in lower case: `debian`, `alpine`. */
  readonly distribution: string;
  /** The release: `12`, `3.20`; `""` for every one. */
  readonly release: string;
  /** The source package. */
  readonly package: string;
  /** Ranges of versions with it. */
  readonly ranges: readonly AffectedRange[];
  /** Versions with it that are listed one by one. */
  readonly versions: readonly string[];
  /** One line on what it is. */
  readonly summary?: string | undefined;
}

/** Advisories by what they are looked up with. */
export type Advisories = ReadonlyMap<string, readonly Advisory[]>;

/** Orders advisories for look-ups. A later one with the name and package of an earlier one replaces it. */
export function advisoriesOf(all: readonly Advisory[]): Advisories {
  const found = new Map<string, Map<string, Advisory>>();
  for (const advisory of all) {
    const key = keyOf(advisory.distribution, advisory.package);
    const here = found.get(key) ?? new Map<string, Advisory>();
    here.set(`${advisory.id} ${advisory.release}`, advisory);
    found.set(key, here);
  }
  return new Map([...found].map(([key, here]) => [key, [...here.values()]]));
}

/** The advisories of a package's source, in the order of their names. */
export function advisoriesFor({ distribution, release, source }: Installed, advisories: Advisories): readonly Advisory[] {
  return (advisories.get(keyOf(distribution, source.name)) ?? [])
    .filter((advisory) => isOf(advisory.release, release))
    .toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}

/** `3.20` is the release of `3.20.1`. A system that does not name its release is of every one. */
function isOf(wanted: string, release: string): boolean {
  return wanted === "" || release === "" || release === wanted || release.startsWith(`${wanted}.`);
}

function keyOf(distribution: string, name: string): string {
  return `${distribution} ${name}`;
}
