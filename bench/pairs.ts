import { median } from "./child.ts";
import type { Row } from "./row.ts";

/** Seconds that ours and theirs took, one right after the other. */
export interface Pair {
  readonly ours: number;
  readonly theirs: number;
}

/** Runs both in turn, so many times. They take turns at going first too: who does finds the machine in another state. */
export async function inPairs(count: number, ours: () => Promise<number>, theirs: () => Promise<number>): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let at = 0; at < count; at++) {
    const early = at % 2 === 0 ? await ours() : undefined;
    const other = await theirs();
    pairs.push({ ours: early ?? (await ours()), theirs: other });
  }
  return pairs;
}

/** What pairs that move so many bytes say in a row: both throughputs, and the ratio of the pair in the middle. */
export function throughput(bytes: number, pairs: readonly Pair[]): Pick<Row, "value" | "unit" | "floor" | "ratio"> {
  const perSecond = (seconds: readonly number[]): number => bytes / 1e6 / median(seconds);
  return {
    value: perSecond(pairs.map(({ ours }) => ours)),
    unit: "MB/s",
    floor: perSecond(pairs.map(({ theirs }) => theirs)),
    ratio: median(pairs.map(({ ours, theirs }) => theirs / ours)),
  };
}
