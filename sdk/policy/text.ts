import type { HardeningReport, HardeningScore } from "../hardening/report.ts";
import type { Audit } from "./audit.ts";
import { type Finding, findingLine } from "./finding.ts";
import { rulesOf, SECTIONS } from "./sections.ts";

/** An audit as lines for people: every section of the guide, what was found there, what is waived, and who answers else. */
export function auditLines({ findings, waived, idle }: Audit): string[] {
  const lines: string[] = [];
  const told = new Set<Finding>();
  for (const { section, title, elsewhere } of SECTIONS) {
    const rules = rulesOf(section);
    const here = findings.filter(({ sections }) => sections.includes(section));
    const state = here.length > 0 ? `${here.length} found` : rules.length > 0 ? "passed" : "not checked";
    lines.push(`${section}  ${title}: ${state}${elsewhere ? ` (${elsewhere})` : ""}`);
    // a finding of two sections is told in the first
    for (const finding of here) if (!told.has(finding)) lines.push(`       ${finding.level}: ${findingLine(finding)}`);
    for (const finding of here) told.add(finding);
    for (const { path, rule, sections, waiver } of waived) {
      if (sections[0] === section) lines.push(`       waived until ${waiver.until}: ${path} (${rule}): ${waiver.reason}`);
    }
  }
  for (const { rule, path, until } of idle)
    lines.push(
      `idle waiver: ${rule}${path === undefined ? "" : ` at ${path}`}, until ${until}: nothing needs it, or it has run out; take it out`,
    );
  return lines;
}

/** What the Kernel Self Protection Project asks for, as lines: all that is not simply on, then the score. */
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
  const known = kernel === undefined ? "kernel not known" : `Linux ${kernel}: ${counted(options)} of the kernel's options`;
  return `KSPP, profile ${profile}, ${arch}: ${counted(settings)} of the settings; ${known}`;
}

function counted({ on, off, inert, waived }: HardeningScore): string {
  const apart = [...(inert > 0 ? [`${inert} set but inert`] : []), ...(waived > 0 ? [`${waived} waived`] : [])];
  return `${on} on, ${off} off${apart.length > 0 ? `, ${apart.join(", ")}` : ""}`;
}
