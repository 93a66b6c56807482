import { printable } from "../../core/printable.ts";
import { findingLine } from "../../policy/finding.ts";
import { DIRECTIONS } from "../change.ts";
import type { Review } from "../review.ts";
import { grouped } from "./group.ts";
import { HEADINGS, summary } from "./text.ts";

const STYLE = `
:root { color-scheme: light dark; --widens: #b3261e; --breaks: #8a5300; --narrows: #1b6e3c; --neutral: #5f6368; --line: #8883; }
@media (prefers-color-scheme: dark) { :root { --widens: #ff8a80; --breaks: #ffb74d; --narrows: #81c995; --neutral: #bdc1c6; } }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { border-bottom: 2px solid; padding-bottom: .2rem; }
ul { padding-left: 0; list-style: none; }
li { padding: .4rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
pre { overflow-x: auto; padding: .5rem; border: 1px solid var(--line); }
ins { color: var(--narrows); } del { color: var(--widens); } ins, del { text-decoration: none; }
small { display: block; }
`;

/** A review as one HTML page without scripts and without anything from elsewhere. */
export function html(review: Review, title: string): string {
  const sections = DIRECTIONS.map((direction) => {
    const groups = grouped(review.changes, direction);
    if (groups.length === 0) return "";
    const items = groups.map(
      ({ parts, message, why, lines }) =>
        `<li><code>${parts.map(escaped).join("</code>, <code>")}</code>: ${escaped(message)}${why === undefined ? "" : `<small>${escaped(why)}</small>`}${lines ? patch(lines) : ""}</li>`,
    );
    return `<section><h2 style="color:var(--${direction})">${HEADINGS[direction]} (${review.counts[direction]})</h2><ul>${items.join("")}</ul></section>`;
  });
  const { gained, lost } = review.findings;
  const findings = [
    ...gained.map((finding) => `<li>more: ${escaped(findingLine(finding))}</li>`),
    ...lost.map(({ path, rule }) => `<li>fewer: ${escaped(`${path} (${rule})`)}</li>`),
  ];
  const { before, after } = review.hardening ?? {};
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p>${escaped(summary(review))}</p>
${sections.join("\n")}
${findings.length > 0 ? `<section><h2>NIST SP 800-190: ${gained.length} more, ${lost.length} fewer</h2><ul>${findings.join("")}</ul></section>` : ""}
${before && after ? `<p>KSPP: ${before.on} settings on before, ${after.on} after, ${after.waived} waived.</p>` : ""}
</main>
</body>
</html>
`;
}

function patch(lines: readonly string[]): string {
  const marked = lines.map((line) => {
    const text = escaped(line);
    return line.startsWith("+") ? `<ins>${text}</ins>` : line.startsWith("-") ? `<del>${text}</del>` : text;
  });
  return `<pre tabindex="0">${marked.join("\n")}</pre>`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escaped(text: string): string {
  return printable(text).replace(/[&<>"']/g, (sign) => ENTITIES[sign] as string);
}
