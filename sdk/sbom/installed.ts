import type { SoftwarePackage } from "./package.ts";

/** A package of a distribution that is installed, with what advisories are found by. */
export interface Installed {
  readonly name: string;
  readonly version: string;
  /** The source package and its version, under which Debian keeps advisories. */
  readonly source: { readonly name: string; readonly version: string };
  /** The distribution: `debian`, `alpine`. */
  readonly distribution: string;
  /** Its release: `12`, `3.20.1`; `""` if it is not known. */
  readonly release: string;
}

/** What a package URL says of a package of Debian or Alpine (purl-spec, types deb and apk); undefined for any other. */
export function installedFrom(purl: string): Installed | undefined {
  const [, type, distribution = "", name = "", version = "", query = ""] =
    /^pkg:(deb|apk)\/([^/@?#]+)\/([^@?#]+)@([^?#]+)(?:\?([^#]*))?/.exec(purl) ?? [];
  if (type === undefined) return undefined;
  const qualifiers = new URLSearchParams(query.replaceAll("+", "%2B"));
  const [own, ownVersion] = [decoded(name), decoded(version)];
  // a source package of its own is in the list for scanners that do not read the next qualifier
  if (qualifiers.get("arch") === "source") return undefined;
  const [sourceName = "", sourceVersion = ownVersion] = (qualifiers.get("upstream") ?? own).split("@");
  const [, release = ""] = /^[a-z]+-(.+)$/.exec(qualifiers.get("distro") ?? "") ?? [];
  return {
    name: own,
    version: ownVersion,
    source: { name: sourceName, version: sourceVersion },
    distribution: decoded(distribution),
    release,
  };
}

/** {@link installedFrom} for the packages of databases. */
export function installedOf(packages: readonly SoftwarePackage[]): Installed[] {
  return packages.flatMap(({ purl }) => installedFrom(purl) ?? []);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
