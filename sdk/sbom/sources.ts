import type { SoftwarePackage, SourcePackage } from "./package.ts";

/**
 * The source packages that no package has the name of, each once. A scanner that does not read the qualifier `upstream` finds
 * their advisories by them.
 */
export function unnamedSources(packages: readonly SoftwarePackage[]): readonly SourcePackage[] {
  const names = new Set(packages.map(({ name }) => name));
  const found = new Map<string, SourcePackage>();
  for (const { source } of packages) if (source !== undefined && !names.has(source.name)) found.set(source.purl, source);
  return [...found.values()];
}
