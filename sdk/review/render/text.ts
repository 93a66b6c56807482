import { oneLine } from "../../core/one-line.ts";
import { findingLine } from "../../policy/finding.ts";
import { type Direction, DIRECTIONS } from "../change.ts";
import { machinesLine } from "../machines.ts";
import type { Review } from "../review.ts";
import { grouped } from "./group.ts";

/** What the directions are called as a heading. */
export const HEADINGS: Readonly<Record<Direction, string>> = {
  widens: "Widens access",
  breaks: "May break something",
  narrows: "Narrows access",
  neutral: "Changes",
};

const COUNTED: Readonly<Record<Direction, (count: number) => string>> = {
  widens: (count) => `${count} widen${count === 1 ? "s" : ""} access`,
  breaks: (count) => `${count} may break something`,
  narrows: (count) => `${count} narrow${count === 1 ? "s" : ""} access`,
  neutral: (count) => `${count} neutral`,
};

/** How many changes there are of each direction, in one line. */
export function summary({ changes, counts }: Pick<Review, "changes" | "counts">): string {
  if (changes.length === 0) return "nothing changes inside the OS";
  const said = DIRECTIONS.filter((direction) => counts[direction] > 0).map((direction) => COUNTED[direction](counts[direction]));
  return `${changes.length} change${changes.length === 1 ? "" : "s"} inside the OS: ${said.join(", ")}`;
}

/** A review as lines of text. The lines of changed texts are indented below their change. */
export function textLines(review: Review): string[] {
  const lines = [summary(review), ...(review.machines ? [oneLine(machinesLine(review.machines))] : [])];
  for (const direction of DIRECTIONS) {
    const groups = grouped(review.changes, direction);
    if (groups.length > 0) lines.push("", HEADINGS[direction]);
    for (const { parts, more, message, why, lines: changed = [] } of groups) {
      const where = `${parts.join(", ")}${more === 0 ? "" : ` and ${more} more`}`;
      lines.push(`  ${oneLine(`${where}: ${message}${why === undefined ? "" : ` (${why})`}`)}`);
      for (const line of changed) lines.push(`      ${line}`);
    }
  }
  return [...lines, ...scores(review)];
}

/** The findings gained and lost, and the settings of the kernel, where they differ. */
function scores({ findings: { gained, lost }, hardening }: Review): string[] {
  const lines: string[] = [];
  if (gained.length + lost.length > 0) lines.push("", `NIST SP 800-190: ${gained.length} more, ${lost.length} fewer`);
  for (const finding of gained) lines.push(`  + ${oneLine(findingLine(finding))}`);
  for (const { path, rule } of lost) lines.push(`  - ${oneLine(`${path} (${rule})`)}`);
  const { before, after } = hardening ?? {};
  if (before && after && (before.on !== after.on || before.waived !== after.waived))
    lines.push("", `KSPP: ${before.on} settings on before, ${after.on} after, ${after.waived} waived`);
  return lines;
}
