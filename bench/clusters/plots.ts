import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bar, barChart } from "../plot.ts";
import { type Column, TITLES } from "./column.ts";
import { nodeKinds, total } from "./rows.ts";

/** Draws the plots of docs/clusters-benchmark.md into that folder. */
export function writeClusterPlots(folder: string, columns: readonly Column[]): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, title, bars] of clusterPlots(columns)) writeFileSync(join(folder, `clusters-${name}.svg`), barChart(title, bars));
}

/** The name, title and bars of each plot. */
export function clusterPlots(columns: readonly Column[]): readonly (readonly [name: string, title: string, bars: readonly Bar[]])[] {
  const kinds = nodeKinds(columns);
  const bar = (label: string, value: number, unit: string, ours: boolean): Bar => ({
    ...{ label, value, ours },
    text: `${value.toFixed(value >= 100 || Number.isInteger(value) ? 0 : 1)} ${unit}`.trim(),
  });
  const whole = (unit: string, of: (column: Column) => number | undefined): Bar[] =>
    columns.flatMap((column) => {
      const value = of(column);
      return value === undefined ? [] : [bar(TITLES[column.part], value, unit, column.part !== "debian")];
    });
  const isOurs = ({ part }: Column): boolean => part !== "debian";
  return [
    [
      "size",
      "MB that a machine starts from",
      kinds.flatMap(({ title, size, column }) => (size ? [bar(title, total(size.files) / 1e6, "MB", isOurs(column))] : [])),
    ],
    [
      "memory",
      "MB of memory in use at rest, by machine",
      columns.flatMap((column) =>
        column.nodes.map(({ name, used }) =>
          bar(column.nodes.length > 1 ? `${TITLES[column.part]}: ${name}` : TITLES[column.part], used / 1e6, "MB", isOurs(column)),
        ),
      ),
    ],
    ["start", "Seconds from the first machine's start until the workload answers", whole("s", ({ answering }) => answering)],
    ["roll", "Requests not answered while an image change rolls, one each 50 ms", whole("", ({ roll }) => roll?.unanswered)],
  ];
}
