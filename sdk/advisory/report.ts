import { dayOf } from "../core/day.ts";
import { oneLine } from "../core/one-line.ts";
import type { Level } from "../policy/finding.ts";
import { type Vulnerability, vulnerabilitiesOf } from "./affected.ts";
import type { Advisories } from "./advisory.ts";
import type { Installed } from "../sbom/installed.ts";
import { type AdvisoryWaiver, checkAdvisoryWaivers, concerns } from "./waiver.ts";

/** A known fault of a source package, with the packages that were built from it. */
export interface VulnerabilityFinding {
  /** The advisory's name. */
  readonly advisory: string;
  readonly aliases: readonly string[];
  /** The source package, and its version. */
  readonly package: string;
  readonly version: string;
  /** The installed packages from it. */
  readonly installed: readonly string[];
  /** The version that mends it. @default none yet */
  readonly fixed?: string;
  readonly summary?: string;
  /** `mandatory` if a version mends it: then something can be done. */
  readonly level: Level;
}

/** The known faults of an operating system. */
export interface VulnerabilityReport {
  readonly findings: readonly VulnerabilityFinding[];
  /** Those that a waiver allows. */
  readonly waived: readonly (VulnerabilityFinding & { readonly waiver: AdvisoryWaiver })[];
  /** Waivers that no fault needs, or that have expired. */
  readonly idle: readonly AdvisoryWaiver[];
}

/** The known faults of installed packages. @param date the day on which waivers must be valid @default today */
export function vulnerabilityReport(
  installed: readonly Installed[],
  advisories: Advisories,
  waivers: readonly AdvisoryWaiver[] = [],
  date: Date = new Date(),
): VulnerabilityReport {
  checkAdvisoryWaivers(waivers);
  const today = dayOf(date);
  const byFault = new Map<string, Vulnerability[]>();
  for (const found of vulnerabilitiesOf(installed, advisories)) {
    const key = `${found.advisory.id} ${found.installed.source.name} ${found.installed.source.version}`;
    byFault.set(key, [...(byFault.get(key) ?? []), found]);
  }
  const findings: VulnerabilityFinding[] = [];
  const waived: VulnerabilityReport["waived"][number][] = [];
  const used = new Set<AdvisoryWaiver>();
  for (const all of byFault.values()) {
    const [first] = all as [Vulnerability];
    const waiver = waivers.find((one) => one.until >= today && concerns(one, first));
    if (waiver) {
      used.add(waiver);
      waived.push({ ...findingOf(all, first), waiver });
    } else findings.push(findingOf(all, first));
  }
  return { findings, waived, idle: waivers.filter((waiver) => !used.has(waiver)) };
}

function findingOf(all: readonly Vulnerability[], { advisory, installed, fixed }: Vulnerability): VulnerabilityFinding {
  return {
    advisory: advisory.id,
    aliases: advisory.aliases,
    package: installed.source.name,
    version: installed.source.version,
    installed: [...new Set(all.map(({ installed: { name } }) => name))].sort(),
    ...(fixed !== undefined && { fixed }),
    ...(advisory.summary !== undefined && { summary: advisory.summary }),
    level: fixed === undefined ? "advisory" : "mandatory",
  };
}

/** A report as lines of text: what is found, then what is waived, then the waivers to remove. */
export function vulnerabilityLines({ findings, waived, idle }: VulnerabilityReport): string[] {
  const count = (length: number, what: string): string => `${length} ${what}`;
  return [
    `known faults: ${count(findings.length, "found")}, ${count(waived.length, "waived")}`,
    ...findings.map((found) => `       ${found.level}: ${faultLine(found)}`),
    ...waived.map((found) => `       waived until ${found.waiver.until}: ${faultLine(found)}: ${found.waiver.reason}`),
    ...idle.map(
      ({ advisory, until }) => `unused waiver: ${advisory}, until ${until}: no package has this fault, or it has expired; remove it`,
    ),
  ].map(oneLine);
}

function faultLine({ advisory, package: source, version, installed, fixed, summary }: VulnerabilityFinding): string {
  const what = summary === undefined ? "" : `: ${summary.replace(/\s+/g, " ").slice(0, 100)}`;
  const remedy = fixed === undefined ? "no version mends it yet" : `${fixed} mends it`;
  return `${advisory} of ${source} ${version} (${installed.join(", ")})${what}; ${remedy}`;
}
