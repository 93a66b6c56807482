import type { Arch } from "../core/arch.ts";
import { LinuxKitError } from "../core/errors.ts";
import { satisfies, type VersionRelation } from "./version.ts";

/** A package that meets a dependency: `nginx-common (>= 1.22.1)`. */
export interface Alternative {
  readonly name: string;
  readonly relation?: VersionRelation;
  readonly version?: string;
}

/** Alternatives, one of which is needed: `debconf | debconf-2.0`. */
export type Dependency = readonly Alternative[];

/** A name that a package provides besides its own, possibly with a version. */
export interface Provision {
  readonly name: string;
  readonly version?: string;
}

const ALTERNATIVE =
  /^([a-z0-9][a-z0-9+.-]*)(?::([a-z0-9-]+))?\s*(?:\(\s*(<<|<=|=|>=|>>|<|>)\s*([^\s)<>=]+)\s*\))?\s*(?:\[([^\]]*)\])?\s*(?:<[^>]*>\s*)*$/i;

/**
 * Parses a relationship field (Debian policy 7.1). Leaves out alternatives for other architectures. Ignores the qualifiers
 * `:any`, `:native` and that of the image's own architecture, because an image has one architecture.
 *
 * @throws CORRUPT if an alternative is not in the policy's syntax
 */
export function parseDependencies(field: string, arch: Arch): Dependency[] {
  const groups: Dependency[] = [];
  for (const group of field.split(",")) {
    if (group.trim() === "") continue;
    const alternatives = group.split("|").flatMap((text) => parseAlternative(text.trim(), arch));
    if (alternatives.length > 0) groups.push(alternatives);
  }
  return groups;
}

/** Parses a `Provides` field: names, each with or without an exact version. @throws CORRUPT */
export function parseProvides(field: string, arch: Arch): Provision[] {
  return parseDependencies(field, arch).flatMap((group) =>
    group.map(({ name, version }) => (version === undefined ? { name } : { name, version })),
  );
}

/** Whether a real package of this version meets the alternative. */
export function versionMeets(alternative: Alternative, version: string): boolean {
  return alternative.relation === undefined || satisfies(version, alternative.relation, alternative.version as string);
}

/** Whether a provision meets the alternative. One without a version only meets an alternative without a version (policy 7.5). */
export function provisionMeets(alternative: Alternative, provision: Provision): boolean {
  if (alternative.relation === undefined) return true;
  return provision.version !== undefined && satisfies(provision.version, alternative.relation, alternative.version as string);
}

/** A dependency in Debian's syntax: `web (>= 2) | nowhere`. */
export function formatDependency(dependency: Dependency): string {
  return dependency.map(({ name, relation, version }) => (relation ? `${name} (${relation} ${version})` : name)).join(" | ");
}

function parseAlternative(text: string, arch: Arch): Alternative[] {
  const match = ALTERNATIVE.exec(text);
  if (!match)
    throw new LinuxKitError("CORRUPT", `dependency: got ${JSON.stringify(text)}, wanted the syntax of Debian policy 7.1`, { path: text });
  const [, name, qualifier, relation, version, restriction] = match as unknown as [string, string, string?, string?, string?, string?];
  if (qualifier !== undefined && !["any", "native", "all", arch].includes(qualifier)) return [];
  if (restriction !== undefined && !isFor(restriction, arch)) return [];
  if (relation === undefined) return [{ name }];
  // "<" and ">" are deprecated forms of "<=" and ">="
  const spelled = relation === "<" ? "<=" : relation === ">" ? ">=" : (relation as VersionRelation);
  return [{ name, relation: spelled, version: version as string }];
}

// "[amd64 arm64]" lists included architectures, "[!s390x]" excluded ones
function isFor(restriction: string, arch: Arch): boolean {
  const terms = restriction.trim().split(/\s+/);
  const matches = (term: string): boolean => [arch, `linux-${arch}`, "any", "linux-any", `any-${arch}`].includes(term);
  const excluded = terms.filter((term) => term.startsWith("!")).map((term) => term.slice(1));
  return excluded.length > 0 ? !excluded.some(matches) : terms.some(matches);
}
