import { installedFromLock } from "../advisory/locked.ts";
import { type VulnerabilityReport, vulnerabilityReport } from "../advisory/report.ts";
import type { AdvisoryWaiver } from "../advisory/waiver.ts";
import type { Installed } from "../sbom/installed.ts";
import { readDocument } from "../sbom/read-document.ts";
import { UsageError } from "./command.ts";
import { loadAdvisories } from "./read-advisories.ts";
import { readLock } from "./read-lock.ts";
import { readText } from "./text-file.ts";

/** The options of `audit` that say what is installed, and what is known of it. */
export interface VulnerabilityOptions {
  readonly vulnerabilities: readonly string[];
  readonly lock?: string | undefined;
  readonly sbom?: string | undefined;
}

/** The known faults of an OS; undefined if none are asked for. @throws UsageError, NOT_FOUND, CORRUPT, INVALID_DEFINITION */
export async function auditVulnerabilities(
  { vulnerabilities, lock, sbom }: VulnerabilityOptions,
  waivers: readonly AdvisoryWaiver[],
): Promise<VulnerabilityReport | undefined> {
  const advisories = await loadAdvisories(vulnerabilities);
  if (!advisories) {
    if ((lock ?? sbom) !== undefined) throw new UsageError("--vulnerabilities is missing: --lock and --sbom say what it is sought in");
    if (waivers.length > 0) throw new UsageError("--vulnerabilities is missing: --waive waives advisories");
    return undefined;
  }
  return vulnerabilityReport(await installed(lock, sbom), advisories, waivers);
}

async function installed(lock: string | undefined, sbom: string | undefined): Promise<readonly Installed[]> {
  if (sbom !== undefined) return readDocument(await readText(sbom), sbom);
  if (lock === undefined)
    throw new UsageError("--vulnerabilities: got neither --sbom nor --lock, wanted one: it says which versions are in the OS");
  const { debian } = await readLock(lock);
  return Object.values(debian).flatMap(({ packages }) => installedFromLock(packages));
}
