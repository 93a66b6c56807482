/** One figure, with what it is measured against in the same run. */
export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: "s" | "MB" | "MB/s";
  /** The same thing with nothing of ours in it. */
  readonly floor?: number;
  readonly floorIs?: string;
  /** How many times the floor it was in the middle one of several pairs, each taken in turn. @default value / floor */
  readonly ratio?: number;
  /** What the figure may be at most. */
  readonly limit?: number;
  /** How many times the floor it may be. */
  readonly limitRatio?: number;
  /** How many times the floor it must be, of what is better the more it is. */
  readonly leastRatio?: number;
}

/** How many times its floor a figure is; undefined where it has none. */
export function ratioOf({ value, floor, ratio }: Row): number | undefined {
  return ratio ?? (floor === undefined ? undefined : value / floor);
}

/** Whether a figure is within its limit; undefined where it has none. */
export function within(row: Row): boolean | undefined {
  const { value, limit, limitRatio, leastRatio } = row;
  const ratio = ratioOf(row);
  if (limit !== undefined) return value <= limit;
  if (limitRatio !== undefined && ratio !== undefined) return ratio <= limitRatio;
  if (leastRatio !== undefined && ratio !== undefined) return ratio >= leastRatio;
  return undefined;
}

/** A figure as a person reads it. */
export function figure(value: number, unit: string): string {
  return `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ${unit}`;
}
