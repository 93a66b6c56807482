import { type ComparedConnection, MACHINE, type Network, OUTSIDE } from "./connections.ts";
import { type Markup, markup } from "./markup.ts";

const WIDTH = 1000;
/** The columns: outside, services, destinations; from and to, in pixels. */
const LEFT = [1, 110] as const;
const MIDDLE = [340, 580] as const;
const RIGHT = [830, 999] as const;
/** The height for one connection beside a box. */
const SLOT = 22;
const GAP = 16;

interface Box {
  readonly name: string;
  readonly kind: string;
  readonly y: number;
  readonly height: number;
}

/** The services in the middle, what connects to them on the left, what they connect to on the right. */
export function networkPicture({ services, connections: now }: Network, connections: readonly ComparedConnection[]): Markup {
  const isService = (name: string): boolean => name === MACHINE || services.has(name);
  const machine = connections.some(({ to }) => to === MACHINE) ? [[MACHINE, "private"] as const] : [];
  const gone = connections.flatMap(({ from, to }) => [from === OUTSIDE ? to : from]).filter((name) => !isService(name));
  const middle = stacked([...services, ...[...new Set(gone)].map((name) => [name, "removed"] as const), ...machine], (name) =>
    Math.max(incoming(connections, name).length, beside(connections, name).length),
  );
  const inMiddle = (name: string): boolean => middle.some((box) => box.name === name);
  const others = [...new Set(connections.filter(({ to }) => !inMiddle(to)).map(({ to }) => to))];
  const right = stacked(
    others.map((name) => [name, ""] as const),
    () => 1,
  );
  const height = Math.max(...[...middle, ...right].map((box) => box.y + box.height), SLOT) + GAP;
  const boxOf = (name: string): Box | undefined => [...middle, ...right].find((box) => box.name === name);
  const arrows = connections.map((connection) => arrow(connection, connections, boxOf, inMiddle(connection.to)));
  const outside = connections.some(({ from }) => from === OUTSIDE) ? [{ name: OUTSIDE, kind: "", y: GAP, height: height - 2 * GAP }] : [];
  const boxes = [
    ...outside.map((box) => drawn(box, LEFT)),
    ...middle.map((box) => drawn(box, MIDDLE)),
    ...right.map((box) => drawn(box, RIGHT)),
  ];
  return markup`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${services.size} services with ${now.length} connections; the table below lists them.">${boxes}${arrows}</svg>`;
}

/** Boxes one below the other, each as high as its connections need. */
function stacked(named: readonly (readonly [name: string, kind: string])[], slots: (name: string) => number): Box[] {
  let y = GAP;
  return named.map(([name, kind]) => {
    const lines = kind === "private" || kind === "" ? 1 : 2;
    const box = { name, kind, y, height: SLOT * Math.max(lines, slots(name)) + 14 };
    y += box.height + GAP;
    return box;
  });
}

function incoming(connections: readonly ComparedConnection[], name: string): readonly ComparedConnection[] {
  return connections.filter(({ from, to }) => from === OUTSIDE && to === name);
}

/** The connections on the right of a service: those that it begins, and those of other services. */
function beside(connections: readonly ComparedConnection[], name: string): readonly ComparedConnection[] {
  return connections.filter(({ from, to }) => from === name || (to === name && from !== OUTSIDE));
}

function drawn({ name, kind, y, height }: Box, [left, right]: readonly [number, number]): Markup {
  const fits = Math.floor((right - left - 20) / 7);
  const text = name.length <= fits ? name : `${name.slice(0, fits - 1)}…`;
  const second =
    kind === "private" || kind === ""
      ? undefined
      : markup`<text class="soft" x="${left + 10}" y="${y + 40}">${kind === "removed" ? kind : `network: ${kind}`.slice(0, fits)}</text>`;
  return markup`<rect class="box" x="${left}" y="${y}" width="${right - left}" height="${height}" rx="4"><title>${name}</title></rect><text x="${left + 10}" y="${y + 22}">${text}</text>${second}`;
}

function arrow(
  connection: ComparedConnection,
  all: readonly ComparedConnection[],
  boxOf: (name: string) => Box | undefined,
  isBetweenServices: boolean,
): Markup {
  const { from, to, over, fate } = connection;
  const target = boxOf(to);
  if (!target) return markup``;
  if (from === OUTSIDE) {
    const y = slotY(target, incoming(all, to).indexOf(connection));
    return markup`<g class="${fate}"><path class="edge" d="M${LEFT[1]} ${y}H${MIDDLE[0] - 8}"/>${head(MIDDLE[0], y, 1)}<text class="soft" x="${MIDDLE[0] - 12}" y="${y - 4}" text-anchor="end">${over.slice(0, 30)}</text></g>`;
  }
  const source = boxOf(from);
  if (!source) return markup``;
  const start = slotY(source, beside(all, from).indexOf(connection));
  const end = isBetweenServices ? slotY(target, beside(all, to).indexOf(connection)) : target.y + target.height / 2;
  const x = isBetweenServices ? MIDDLE[1] : RIGHT[0];
  const [out, back] = isBetweenServices ? [MIDDLE[1] + 130, MIDDLE[1] + 130] : [MIDDLE[1] + 150, RIGHT[0] - 60];
  const direction = isBetweenServices ? -1 : 1;
  return markup`<g class="${fate}"><path class="edge" d="M${MIDDLE[1]} ${start}C${out} ${start} ${back} ${end} ${x - 8 * direction} ${end}"/>${head(x, end, direction)}<text class="soft" x="${MIDDLE[1] + 8}" y="${start - 4}">${over}</text></g>`;
}

function slotY({ y }: Box, index: number): number {
  return y + 18 + index * SLOT;
}

/** The head of an arrow that points to the right or, with -1, to the left. */
function head(x: number, y: number, direction: number): Markup {
  return markup`<path class="head" d="M${x} ${y}l${-9 * direction} -5v10z"/>`;
}
