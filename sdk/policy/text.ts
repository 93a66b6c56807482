import { oneLine } from "../core/one-line.ts";
import type { HardeningReport, HardeningScore } from "../hardening/report.ts";
import type { Audit } from "./audit.ts";
import { type Finding, findingLine } from "./finding.ts";
import { rulesOf, SECTIONS } from "./sections.ts";

/** An audit as lines of text: every section of the guide with its findings, its waivers, and what covers it otherwise. */
export function auditLines({ findings, waived, idle }: Audit): string[] {
  const lines: string[] = [];
  const shown = new Set<Finding>();
  for (const { section, title, elsewhere } of SECTIONS) {
    const rules = rulesOf(section);
    const here = findings.filter(({ sections }) => sections.includes(section));
    const state = here.length > 0 ? `${here.length} found` : rules.length > 0 ? "passed" : "not checked";
    lines.push(`${section}  ${title}: ${state}${elsewhere ? ` (${elsewhere})` : ""}`);
    // a finding of two sections is shown in the first
    for (const finding of here) if (!shown.has(finding)) lines.push(`       ${finding.level}: ${findingLine(finding)}`);
    for (const finding of here) shown.add(finding);
    for (const { path, rule, sections, waiver } of waived) {
      if (sections[0] === section) lines.push(`       waived until ${waiver.until}: ${path} (${rule}): ${waiver.reason}`);
    }
  }
  for (const { rule, path, until } of idle)
    lines.push(
      `unused waiver: ${rule}${path === undefined ? "" : ` at ${path}`}, until ${until}: no finding needs it, or it has expired; remove it`,
    );
  return lines.map(oneLine);
}

/** A hardening report as lines of text: every setting and option that is not simply on, then the score. */
export function hardeningLines(report: HardeningReport): string[] {
  const width = Math.max(...report.rows.map(({ wanted }) => wanted.length));
  const rows = report.rows.filter(({ state, because }) => state !== "on" || because !== undefined);
  return [
    ...rows.map(({ wanted, state, because }) => `${state.padEnd(6)}  ${wanted.padEnd(width)}  ${because ?? ""}`.trimEnd()),
    scoreLine(report),
  ];
}

/** A report's score in one line. */
export function scoreLine({ profile, arch, kernel, settings, options }: HardeningReport): string {
  const known = kernel === undefined ? "kernel unknown" : `Linux ${kernel}: ${counted(options)} of the kernel's options`;
  return `KSPP, profile ${profile}, ${arch}: ${counted(settings)} of the settings; ${known}`;
}

function counted({ on, off, inert, waived }: HardeningScore): string {
  const apart = [...(inert > 0 ? [`${inert} set but inert`] : []), ...(waived > 0 ? [`${waived} waived`] : [])];
  return `${on} on, ${off} off${apart.length > 0 ? `, ${apart.join(", ")}` : ""}`;
}
