import type { Finding, Level } from "./finding.ts";

const LEVELS: readonly Level[] = ["refused", "warning", "ok"];

/** The findings as a table, the worst first, each remedy below its finding; then how many there are of each level. */
export function reportLines(findings: readonly Finding[]): string[] {
  const width = (of: (finding: Finding) => string): number => Math.max(0, ...findings.map((finding) => of(finding).length));
  const [checks, subjects] = [
    width(({ check }) => check),
    Math.min(
      40,
      width(({ subject }) => subject),
    ),
  ];
  const rows = LEVELS.flatMap((level) => findings.filter((finding) => finding.level === level));
  return [
    ...rows.flatMap(({ level, check, subject, says, remedy }) => [
      `${level.padEnd(7)}  ${check.padEnd(checks)}  ${subject.padEnd(subjects)}  ${says}`,
      ...(remedy === undefined ? [] : [`${"".padEnd(9)}→ ${remedy}`]),
    ]),
    ...(rows.length === 0 ? [] : [""]),
    LEVELS.map((level) => `${findings.filter((finding) => finding.level === level).length} ${level}`).join(", "),
  ];
}

/** Whether an update would end with an error. */
export function isRefused(findings: readonly Finding[]): boolean {
  return findings.some(({ level }) => level === "refused");
}
