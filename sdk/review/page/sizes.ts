import { bySize, type Holding } from "../held/holding.ts";
import { shortened } from "../shortened.ts";
import { fitting, inBytes } from "./fitting.ts";
import { type Markup, markup } from "./markup.ts";
import { type Area, treemap } from "./treemap.ts";

/** Smaller tiles are not drawn, in square pixels. */
const LEAST_TILE = 100;
/** Bytes of all lists of packages together, of the one of a part, and of a picture. */
const MOST = 2_500_000;
const MOST_OF_PART = 1_800_000;
const MOST_OF_PICTURE = 600_000;
/** Files that are listed of a package. */
const MOST_FILES = 10;

/** What an operating system holds, by size: its parts, their packages, and the files of those. */
export function sizesSection(held: Holding, before: Holding | undefined): readonly Markup[] {
  const parts = (held.parts ?? []).toSorted(bySize);
  const deep = parts.filter(({ parts: inner = [] }) => inner.length > 0);
  return [
    markup`<p>${held.name}: ${inBytes(held.bytes)}${before && `, and ${inBytes(before.bytes)} before`}.</p>`,
    picture(held, 520, "The table below has the same parts."),
    sizeTable(parts, before),
    ...fitting(deep, partDetails, MOST, (count) => markup`<p class="note">… and ${count} parts more, whose packages are left out.</p>`),
  ];
}

function sizeTable(parts: readonly Holding[], before: Holding | undefined): Markup {
  const old = new Map((before?.parts ?? []).map(({ name, bytes }) => [name, bytes]));
  const gone = (before?.parts ?? [])
    .filter(({ name }) => !parts.some((part) => part.name === name))
    .map(({ name }) => ({ name, bytes: 0 }));
  const rows = [...parts, ...gone].map(({ name, bytes }) => {
    const was = old.get(name) ?? 0;
    const change = bytes - was;
    const compared =
      before &&
      markup`<td class="number">${inBytes(was)}</td><td class="number">${change === 0 ? "the same" : `${change > 0 ? "+" : "−"}${inBytes(Math.abs(change))}`}</td>`;
    return markup`<tr><th scope="row">${shortened(name)}</th><td class="number">${inBytes(bytes)}</td>${compared}</tr>`;
  });
  const heads = before && markup`<th scope="col">Before</th><th scope="col">Change</th>`;
  return markup`<div class="wide" tabindex="0" role="region" aria-label="Size of each part"><table><caption>Size of each part</caption><thead><tr><th scope="col">Part</th><th scope="col">Size</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function partDetails(part: Holding): Markup {
  const packages = part.parts ?? [];
  const last = (count: number): Markup => markup`<p class="note">… and ${count} smaller ones.</p>`;
  return markup`<details><summary>${shortened(part.name)}: ${inBytes(part.bytes)} in ${counted(packages.length, "package or folder", "packages and folders")}</summary>${picture(part, 360, "The list below has the same.")}${fitting(packages, packageDetails, MOST_OF_PART, last)}</details>`;
}

function packageDetails({ name, bytes, parts: files = [] }: Holding): Markup {
  const title = `${shortened(name)}: ${inBytes(bytes)}`;
  if (files.length === 0) return markup`<p>${title}</p>`;
  const listed = files.slice(0, MOST_FILES).map((file) => markup`<li>${shortened(file.name)} ${inBytes(file.bytes)}</li>`);
  const more = files.length > MOST_FILES ? markup`<li class="note">… and ${files.length - MOST_FILES} smaller ones</li>` : undefined;
  return markup`<details><summary>${title} in ${counted(files.length, "file", "files")}</summary><ul>${listed}${more}</ul></details>`;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

const WIDTH = 1000;
const HEADER = 17;

/** A picture of what something holds, and of what those things hold. */
function picture({ parts = [], bytes, name }: Holding, height: number, description: string): Markup {
  const placed = treemap(
    parts.map((part) => ({ part, weight: part.bytes })),
    { x: 0, y: 0, width: WIDTH, height },
  ).filter(isDrawn);
  const groups = fitting(
    [...placed.entries()],
    ([index, { thing, ...area }]) => group(thing.part, area, "abcdef"[index % 6]),
    MOST_OF_PICTURE,
    none,
  );
  return markup`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${shortened(name)}, ${inBytes(bytes)}. ${description}">${groups}</svg>`;
}

function group(part: Holding, area: Area, colour: string | undefined): Markup {
  const inner = area.height > 3 * HEADER ? { ...area, y: area.y + HEADER, height: area.height - HEADER } : area;
  const tiles = treemap(
    (part.parts ?? []).map((one) => ({ one, weight: one.bytes })),
    inner,
  ).filter(isDrawn);
  const name = shortened(part.name);
  const drawn = fitting(
    tiles,
    ({ thing: { one }, ...tile }) =>
      markup`<rect class="tile" ${place(tile)}><title>${name}, ${shortened(one.name)}: ${inBytes(one.bytes)}</title></rect>${label(one.name, tile)}`,
    MOST_OF_PICTURE / 2,
    none,
  );
  const title = inner !== area || tiles.length === 0 ? label(`${name} ${inBytes(part.bytes)}`, area) : undefined;
  return markup`<g class="${colour}"><rect class="tile" ${place(area)}><title>${name}: ${inBytes(part.bytes)}</title></rect>${drawn}${title}<rect class="frame" ${place(area)}/></g>`;
}

/** What is left out of a picture is in the lists below it. */
function none(): Markup {
  return markup``;
}

function isDrawn({ width, height }: Area): boolean {
  return width * height >= LEAST_TILE;
}

function place({ x, y, width, height }: Area): Markup {
  return markup`x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}"`;
}

/** Pixels of a character of 12 px, at most for nearly every text. */
const CHARACTER = 7;

function label(text: string, { x, y, width, height }: Area): Markup | undefined {
  const fits = Math.floor((width - 8) / CHARACTER);
  if (fits < 4 || height < HEADER) return undefined;
  const short = text.length <= fits ? text : `${text.slice(0, fits - 1)}…`;
  return markup`<text x="${(x + 4).toFixed(1)}" y="${(y + 13).toFixed(1)}">${short}</text>`;
}
