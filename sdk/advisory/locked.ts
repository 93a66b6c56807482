import type { Installed } from "../sbom/installed.ts";
import type { LockedDeb } from "../debian/locked.ts";

/** The packages of a lock, which are of Debian 12. One from before sources were locked counts as its own source. */
export function installedFromLock(debs: readonly LockedDeb[]): Installed[] {
  return debs.map(({ name, version, source = { name, version } }) => ({
    name,
    version,
    source: { name: source.name, version: source.version },
    distribution: "debian",
    release: "12",
  }));
}
