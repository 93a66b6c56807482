import { findingLine } from "../../policy/finding.ts";
import { type Direction, DIRECTIONS } from "../change.ts";
import { type Group, grouped } from "../render/group.ts";
import { HEADINGS } from "../render/text.ts";
import type { Review } from "../review.ts";
import { fitting } from "./fitting.ts";
import { type Markup, markup } from "./markup.ts";

/** Bytes of the changes of one direction, and of the lines of one change. */
const MOST = 400_000;
const MOST_LINES = 40_000;

/** What changes, by direction, and what the audits say before and after. */
export function changesSection(review: Review): readonly Markup[] {
  const { gained, lost } = review.findings;
  const { before, after } = review.hardening ?? {};
  return [
    ...DIRECTIONS.flatMap((direction) => directionList(review, direction)),
    ...(gained.length + lost.length > 0
      ? [
          markup`<h3>NIST SP 800-190: ${gained.length} more, ${lost.length} fewer</h3><ul class="changes">${[
            ...fitting(gained, (finding) => markup`<li>more: ${findingLine(finding)}</li>`, MOST, left),
            ...fitting(lost, ({ path, rule }) => markup`<li>fewer: ${path} (${rule})</li>`, MOST, left),
          ]}</ul>`,
        ]
      : []),
    ...(before && after ? [markup`<p>KSPP: ${before.on} settings on before, ${after.on} after, ${after.waived} waived.</p>`] : []),
  ];
}

function directionList({ changes, counts }: Review, direction: Direction): Markup[] {
  const groups = grouped(changes, direction);
  if (groups.length === 0) return [];
  return [
    markup`<h3 class="${direction}">${HEADINGS[direction]} (${counts[direction]})</h3><ul class="changes">${fitting(groups, changeItem, MOST, left)}</ul>`,
  ];
}

function left(count: number): Markup {
  return markup`<li class="note">… and ${count} more, which --format json prints.</li>`;
}

function changeItem({ parts, more, message, why, lines }: Group): Markup {
  const named = parts.map((part, index) => markup`${index === 0 ? "" : ", "}<code>${part}</code>`);
  const reason = why === undefined ? undefined : markup`<span class="why">${why}</span>`;
  return markup`<li>${named}${more === 0 ? "" : ` and ${more} more`}: ${message}${reason}${lines && patch(lines, message)}</li>`;
}

function patch(lines: readonly string[], message: string): Markup {
  const written = (line: string): Markup =>
    line.startsWith("+") ? markup`<ins>${line}</ins>\n` : line.startsWith("-") ? markup`<del>${line}</del>\n` : markup`${line}\n`;
  const marked = fitting(lines, written, MOST_LINES, (count) => markup`… and ${count} lines more`);
  return markup`<pre tabindex="0" role="region" aria-label="Lines of ${message}">${marked}</pre>`;
}
