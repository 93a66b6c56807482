import { type Bytes, type Column, type NodeFigures, type OsSize, TITLES } from "./column.ts";

/** One figure of a row. */
export interface Cell {
  readonly value: number;
  /** What ran the machine; none where the figure is the same everywhere. */
  readonly accelerator?: string;
}

/** A row of figures, one for each heading; undefined where a part has none. */
export interface FigureRow {
  readonly what: string;
  readonly cells: readonly (Cell | undefined)[];
}

/** A kind of node of a part: a column of the table of nodes. */
export interface NodeKind {
  readonly title: string;
  readonly column: Column;
  readonly kind: string;
  readonly nodes: readonly NodeFigures[];
  readonly size: OsSize | undefined;
}

/** The kinds of nodes of all parts, in the order of the parts. */
export function nodeKinds(columns: readonly Column[]): readonly NodeKind[] {
  return columns.flatMap((column) => {
    const kinds = [...new Set(column.nodes.map(({ kind }) => kind))];
    return kinds.map((kind) => ({
      ...{ column, kind, title: kind === "machine" ? TITLES[column.part] : `${TITLES[column.part]}: ${kind}` },
      nodes: column.nodes.filter((node) => node.kind === kind),
      size: column.sizes.find((size) => size.kind === kind),
    }));
  });
}

/** The rows of one node of each kind: of several, the mean. */
export function nodeRows(kinds: readonly NodeKind[]): readonly FigureRow[] {
  const mean = (of: (node: NodeFigures) => number) =>
    kinds.map(({ nodes, column }): Cell => {
      const sum = nodes.reduce((all, node) => all + of(node), 0);
      return { value: sum / nodes.length, accelerator: column.accelerator };
    });
  return [
    { what: "MB that it starts from", cells: kinds.map(({ size }) => size && { value: total(size.files) / 1e6 }) },
    { what: "seconds from start to ready", cells: mean(({ ready }) => ready) },
    { what: "MB of memory in use at rest", cells: mean(({ used }) => used / 1e6) },
    { what: "processes and threads of services", cells: mean(({ processes }) => processes) },
  ];
}

/** The rows of each part as a whole. */
export function wholeRows(columns: readonly Column[]): readonly FigureRow[] {
  const row = (what: string, of: (column: Column) => number | undefined): FigureRow => ({
    what,
    cells: columns.map((column) => {
      const value = of(column);
      return value === undefined ? undefined : { value, accelerator: column.accelerator };
    }),
  });
  return [
    { what: "machines", cells: columns.map(({ nodes }) => ({ value: nodes.length })) },
    row("MB of memory in use at rest, all machines", ({ nodes }) => nodes.reduce((sum, { used }) => sum + used, 0) / 1e6),
    row("seconds until every machine is ready", ({ ready }) => ready),
    row("seconds until the workload answers", ({ answering }) => answering),
    row("seconds from the loss of a node until all replicas answer", ({ back }) => back),
    row("seconds of an image change", ({ roll }) => roll?.seconds),
    row("requests during that change", ({ roll }) => roll?.asked),
    row("of them answered by another node", ({ roll }) => roll?.elsewhere),
    row("of them not answered", ({ roll }) => roll?.unanswered),
  ];
}

/** The ratio of a figure to another; undefined where one is missing or 0, or where different accelerators ran their machines. */
export function ratio(cell: Cell | undefined, to: Cell | undefined): number | undefined {
  if (!cell || !to || to.value === 0 || cell.accelerator !== to.accelerator) return undefined;
  return cell.value / to.value;
}

/** How the figures of a row came about: one of emulation, of a hypervisor, or the same everywhere. */
export function under({ cells }: FigureRow): string {
  const words = cells.flatMap((cell) => (cell ? [cell.accelerator === undefined ? "exact" : wordOf(cell.accelerator)] : []));
  return [...new Set(words)].join(", ");
}

/** What ran a machine, for people. */
export function wordOf(accelerator: string): string {
  return accelerator === "tcg" ? "emulated" : `native, ${accelerator}`;
}

export function total(of: readonly Bytes[]): number {
  return of.reduce((sum, { bytes }) => sum + bytes, 0);
}
