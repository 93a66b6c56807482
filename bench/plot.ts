/** One bar: what it is, how much, and what is written at its end. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly text: string;
  /** Ours are drawn in colour, the others in grey. */
  readonly ours: boolean;
}

const WIDTH = 760;
const LABEL = 270;
const ROW = 26;

/** A horizontal bar chart as an SVG that is legible on light and dark pages. Equal input gives equal text. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const longest = Math.max(...bars.map((bar) => bar.value), Number.MIN_VALUE);
  const scale = (WIDTH - LABEL - 150) / longest;
  const rows = bars.map((bar, index) => {
    const y = 44 + index * ROW;
    const width = Math.max(1, bar.value * scale).toFixed(1);
    return [
      `<text x="${LABEL - 8}" y="${y + 13}" text-anchor="end">${escaped(bar.label)}</text>`,
      `<rect x="${LABEL}" y="${y}" width="${width}" height="18" rx="2" class="${bar.ours ? "ours" : "other"}"/>`,
      `<text x="${(LABEL + Number(width) + 6).toFixed(1)}" y="${y + 13}">${escaped(bar.text)}</text>`,
    ].join("");
  });
  const height = 56 + bars.length * ROW;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}">
<style>text{font:13px sans-serif;fill:#57606a}.title{font-weight:bold;font-size:15px}.ours{fill:#2f81f7}.other{fill:#8c959f}</style>
<text x="8" y="24" class="title">${escaped(title)}</text>
${rows.join("\n")}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
