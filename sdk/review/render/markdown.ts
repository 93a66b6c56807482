import { oneLine } from "../../core/one-line.ts";
import { printable } from "../../core/printable.ts";
import { findingLine } from "../../policy/finding.ts";
import { DIRECTIONS } from "../change.ts";
import { machinesLine } from "../machines.ts";
import type { Review } from "../review.ts";
import { shortened } from "../shortened.ts";
import { grouped } from "./group.ts";
import { HEADINGS, summary } from "./text.ts";

/** The most characters of a comment on GitHub, in the body of an issue comment. */
const COMMENT = 65_536;

/**
 * A review as a comment for a pull request: what widens access is open, the rest can be unfolded. It never has more characters
 * than a comment may have: lines of texts go first, then whole lines from the end.
 *
 * @param most the limit, in characters @default 65,536
 */
export function markdown(review: Review, title: string, most: number = COMMENT): string {
  const whole = render(review, title, true);
  if (whole.length <= most) return whole;
  const short = render(review, title, false);
  if (short.length <= most) return short;
  const end = "\n\n…and more: run `npx pulumi-linuxkit diff` to see the rest.\n";
  // cut in front of a section, or of a line of the first: a section that was opened must be closed
  const cut = short.slice(0, most - end.length - "\n</details>".length);
  const kept = cut.slice(0, cut.lastIndexOf("\n"));
  return kept + (kept.lastIndexOf("<details>") > kept.lastIndexOf("</details>") ? "\n</details>" : "") + end;
}

function render(review: Review, title: string, hasLines: boolean): string {
  const blocks = [`### ${inline(shortened(title))}`, summary(review), ...(review.machines ? [inline(machinesLine(review.machines))] : [])];
  for (const direction of DIRECTIONS) {
    const items = grouped(review.changes, direction).map(({ parts, more, message, why, lines }) => {
      const where = `${parts.map(code).join(", ")}${more === 0 ? "" : ` and ${more} more`}`;
      const said = `- ${where}: ${inline(message)}${why === undefined ? "" : ` — ${inline(why)}`}`;
      return lines && hasLines ? `${said}\n${fenced(lines)}` : said;
    });
    if (items.length > 0) blocks.push(section(`${HEADINGS[direction]} (${review.counts[direction]})`, items, direction === "widens"));
  }
  const { gained, lost } = review.findings;
  const findings = [
    ...gained.map((finding) => `- more: ${inline(findingLine(finding))}`),
    ...lost.map(({ path, rule }) => `- fewer: ${inline(`${path} (${rule})`)}`),
  ];
  if (findings.length > 0) blocks.push(section(`NIST SP 800-190: ${gained.length} more, ${lost.length} fewer`, findings, false));
  const { before, after } = review.hardening ?? {};
  if (before && after && before.on !== after.on) blocks.push(`KSPP: ${before.on} settings on before, ${after.on} after.`);
  return `${blocks.join("\n\n")}\n`;
}

function section(heading: string, items: readonly string[], isOpen: boolean): string {
  return isOpen ? `**${heading}**\n\n${items.join("\n")}` : `<details><summary>${heading}</summary>\n\n${items.join("\n")}\n\n</details>`;
}

const ENTITIES: Readonly<Record<string, string>> = { "<": "&lt;", ">": "&gt;", "&": "&amp;" };

/** Text in a line: nothing in it is HTML, markup, mathematics (CommonMark 0.31, 2.4), a link or a mention. */
function inline(text: string): string {
  return visible(text)
    .replace(/[<>&]/g, (sign) => ENTITIES[sign] as string)
    .replace(/[\\`*_{}[\]|~$]/g, "\\$&")
    .replace(/@|:(?=\/\/)|\bwww(?=\.)|(?:^|(?<=\s))#(?=\d)/g, "$&\u200b");
}

/** A path as code. One with signs that could end a code span is plain text. */
function code(text: string): string {
  return /[<>&`\\]/.test(text) ? inline(text) : `\`${visible(text)}\``;
}

/** A fence longer than any in the lines (CommonMark 0.31, 4.5). */
function fenced(lines: readonly string[]): string {
  let longest = 2;
  for (const line of lines) for (const [run] of line.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  const fence = "`".repeat(longest + 1);
  return [`  ${fence}diff`, ...lines.map((line) => `  ${visible(line)}`), `  ${fence}`].join("\n");
}

function visible(text: string): string {
  return oneLine(printable(text));
}
