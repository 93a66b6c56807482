import { median } from "./child.ts";
import type { Row } from "./row.ts";

/** Seconds of this library and of the compared program, measured one right after the other. */
export interface Pair {
  readonly ours: number;
  readonly theirs: number;
}

/** Runs both in turn, this many times. They alternate in going first, because the first finds the machine in another state. */
export async function inPairs(count: number, ours: () => Promise<number>, theirs: () => Promise<number>): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let at = 0; at < count; at++) {
    const early = at % 2 === 0 ? await ours() : undefined;
    const other = await theirs();
    pairs.push({ ours: early ?? (await ours()), theirs: other });
  }
  return pairs;
}

/** A row's figures from pairs that move this many bytes: both throughputs, and the median pair's ratio. */
export function throughput(bytes: number, pairs: readonly Pair[]): Pick<Row, "value" | "unit" | "floor" | "ratio"> {
  const perSecond = (seconds: readonly number[]): number => bytes / 1e6 / median(seconds);
  return {
    value: perSecond(pairs.map(({ ours }) => ours)),
    unit: "MB/s",
    floor: perSecond(pairs.map(({ theirs }) => theirs)),
    ratio: median(pairs.map(({ ours, theirs }) => theirs / ours)),
  };
}
