/** A package in an image, under its distribution's name. */
export interface SoftwarePackage {
  readonly name: string;
  readonly version: string;
  /** Its package URL (purl-spec), by which scanners look up vulnerabilities. */
  readonly purl: string;
  /** The package's own text about its license. */
  readonly license?: string | undefined;
  /** Its licenses as an SPDX expression. */
  readonly expression?: string | undefined;
  /** The package that it was built from, under which its distribution keeps advisories. */
  readonly source?: SourcePackage | undefined;
  /** Its name in the Common Platform Enumeration, version 2.3, under which the NVD keeps advisories. */
  readonly cpe?: string | undefined;
  /** Its maintainer. */
  readonly supplier?: string | undefined;
  readonly homepage?: string | undefined;
  /** Digest of the package's file, 64 hexadecimal digits. */
  readonly sha256?: string | undefined;
}

/** A package of a distribution's sources. */
export interface SourcePackage {
  readonly name: string;
  readonly version: string;
  /** Its package URL, with `arch=source` (purl-spec, type deb). */
  readonly purl: string;
}

/** The distribution that an image is made from (os-release(5)). */
export interface Distribution {
  /** `debian`, `alpine`, `ubuntu` */
  readonly id: string;
  /** `12`; `""` for a distribution without versions. */
  readonly version: string;
}

/** Parses `os-release`. The id is `fallback` if the file has none. */
export function parseOsRelease(text: string, fallback: string): Distribution {
  const value = (name: string): string => new RegExp(`^${name}=(["']?)(.*)\\1$`, "m").exec(text)?.[2] ?? "";
  return { id: value("ID").toLowerCase() || fallback, version: value("VERSION_ID") };
}

/**
 * Builds a package URL (purl-spec). In each part every character is percent-encoded, except letters, digits, `.-_~` and
 * `:`. Qualifiers are sorted, and empty ones left out.
 */
export function packageUrl(
  type: string,
  namespace: string,
  name: string,
  version: string,
  qualifiers: Readonly<Record<string, string>> = {},
): string {
  const given = Object.entries(qualifiers)
    .filter(([, value]) => value !== "")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${escaped(value)}`);
  const path = [namespace, name]
    .filter((part) => part !== "")
    .map(escaped)
    .join("/");
  return `pkg:${type}/${path}${version === "" ? "" : `@${escaped(version)}`}${given.length > 0 ? `?${given.join("&")}` : ""}`;
}

/** A package URL without its qualifiers and subpath. */
export function barePurl(purl: string): string {
  return purl.replace(/[?#].*$/, "");
}

function escaped(part: string): string {
  return encodeURIComponent(part)
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%3A", ":");
}
