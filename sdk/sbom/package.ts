/** A piece of software that is in an image, by the name that its own distribution gives it. */
export interface SoftwarePackage {
  readonly name: string;
  readonly version: string;
  /** Its package URL (purl-spec): what scanners look vulnerabilities up by. */
  readonly purl: string;
  /** What the package says of its license, in its own words. */
  readonly license?: string | undefined;
  /** Who made it. */
  readonly supplier?: string | undefined;
  readonly homepage?: string | undefined;
  /** Of the package's file, 64 hexadecimal digits. */
  readonly sha256?: string | undefined;
}

/** What an image says of the distribution that it is made from (os-release(5)). */
export interface Distribution {
  /** `debian`, `alpine`, `ubuntu` */
  readonly id: string;
  /** `12`; `""` for none. */
  readonly version: string;
}

/** Reads `os-release`. What does not say an id is taken for `fallback`. */
export function parseOsRelease(text: string, fallback: string): Distribution {
  const value = (name: string): string => new RegExp(`^${name}=(["']?)(.*)\\1$`, "m").exec(text)?.[2] ?? "";
  return { id: value("ID").toLowerCase() || fallback, version: value("VERSION_ID") };
}

/**
 * A package URL. Of each part everything is escaped but letters, digits and `.-_~`; a colon stays too. Qualifiers are sorted,
 * and empty ones left out.
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

function escaped(part: string): string {
  return encodeURIComponent(part)
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%3A", ":");
}
