import type { BootSpan, RecordedBoot } from "../../guest/recorded-boot.ts";
import { shortened } from "../shortened.ts";
import { type Markup, markup } from "./markup.ts";

/** A recorded boot with the name of its record. */
export interface NamedBoot extends RecordedBoot {
  readonly name: string;
}

const WIDTH = 1000;
const NAMES = 220;
const BAR = 12;
const BARS = ["upper bars", "lower bars"];

/** One boot, or two beside each other, as a timeline and as a table. */
export function bootSection(boots: readonly NamedBoot[]): readonly Markup[] {
  const names = [...new Set(boots.flatMap(({ spans }) => spans.map(({ name }) => name)))];
  const said = boots.map(
    ({ name, healthy }, index) =>
      markup`<li>${boots.length > 1 ? `${BARS[index]}: ` : ""}${name}: ${healthy === undefined ? "not healthy before the record ends" : `healthy after ${healthy.toFixed(2)} s`}</li>`,
  );
  return [markup`<ul>${said}</ul>`, timeline(boots, names), table(boots, names)];
}

function timeline(boots: readonly NamedBoot[], names: readonly string[]): Markup {
  const last = Math.max(
    0.001,
    ...boots.flatMap(({ spans, healthy = 0 }) => [healthy, ...spans.map(({ start, end = start }) => Math.max(start, end))]),
  );
  const at = (seconds: number): number => NAMES + ((WIDTH - NAMES - 50) * seconds) / last;
  const row = BAR * boots.length + 10;
  const height = names.length * row + 30;
  const step = stepOf(last);
  const ticks = Array.from({ length: Math.floor(last / step) + 1 }, (_, index) => index * step);
  const axis = ticks.map(
    (seconds) =>
      markup`<line class="axis" x1="${at(seconds).toFixed(1)}" x2="${at(seconds).toFixed(1)}" y1="20" y2="${height}"/><text class="soft" x="${at(seconds).toFixed(1)}" y="13" text-anchor="middle">${Number(seconds.toFixed(3))} s</text>`,
  );
  const rows = names.map((name, index) => {
    const top = 26 + index * row;
    const bars = boots.flatMap(({ spans }, number) => {
      const span = spans.find((one) => one.name === name);
      return span ? [bar(span, at, top + number * BAR, number === 0 ? "first" : "second")] : [];
    });
    return markup`<text x="${NAMES - 10}" y="${top + 11}" text-anchor="end">${cut(name)}</text>${bars}`;
  });
  return markup`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Timeline of the boot; the table below has the same times.">${axis}${rows}</svg>`;
}

function bar({ start, end = start }: BootSpan, at: (seconds: number) => number, top: number, kind: string): Markup {
  const text = end > start ? `${(end - start).toFixed(2)} s` : `at ${start.toFixed(2)} s`;
  const width = Math.max(2, at(end) - at(start));
  return markup`<rect class="${kind}" x="${at(start).toFixed(1)}" y="${top}" width="${width.toFixed(1)}" height="${BAR - 2}"/><text class="soft" x="${(at(start) + width + 4).toFixed(1)}" y="${top + BAR - 2}">${text}</text>`;
}

function table(boots: readonly NamedBoot[], names: readonly string[]): Markup {
  const heads = boots.map(({ name }) => markup`<th scope="col">Begins in ${name}</th><th scope="col">Takes</th>`);
  const rows = names.map((name) => {
    const cells = boots.map(({ spans }) => {
      const span = spans.find((one) => one.name === name);
      if (!span) return markup`<td class="number">–</td><td class="number">–</td>`;
      const taken = span.end === undefined ? "no end" : `${(span.end - span.start).toFixed(2)} s`;
      return markup`<td class="number">${span.start.toFixed(2)} s</td><td class="number">${taken}${span.failure === undefined ? "" : `, failed: ${shortened(span.failure)}`}</td>`;
    });
    return markup`<tr><th scope="row">${cut(name)}</th>${cells}</tr>`;
  });
  return markup`<div class="wide" tabindex="0" role="region" aria-label="Times of the boot"><table><caption>Seconds since the kernel started</caption><thead><tr><th scope="col">Stage</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** A step that gives at most ten marks. */
function stepOf(seconds: number): number {
  const size = 10 ** Math.floor(Math.log10(seconds));
  return [0.1, 0.2, 0.5, 1].map((part) => part * size).find((step) => seconds / step <= 10) ?? size;
}

function cut(name: string): string {
  return name.length <= 30 ? name : `${name.slice(0, 29)}…`;
}
