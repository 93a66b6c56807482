/** One figure, with its floor from the same run. */
export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: "s" | "MB" | "MB/s";
  /** The same task without this library. */
  readonly floor?: number;
  readonly floorIs?: string;
  /** The median ratio to the floor over several pairs. @default value / floor */
  readonly ratio?: number;
  /** The largest allowed figure. */
  readonly limit?: number;
  /** The largest allowed ratio to the floor. */
  readonly limitRatio?: number;
  /** The smallest allowed ratio to the floor, where more is better. */
  readonly leastRatio?: number;
}

/** A figure's ratio to its floor; undefined without a floor. */
export function ratioOf({ value, floor, ratio }: Row): number | undefined {
  return ratio ?? (floor === undefined ? undefined : value / floor);
}

/** Whether a figure is within its limit; undefined without a limit. */
export function within(row: Row): boolean | undefined {
  const { value, limit, limitRatio, leastRatio } = row;
  const ratio = ratioOf(row);
  if (limit !== undefined) return value <= limit;
  if (limitRatio !== undefined && ratio !== undefined) return ratio <= limitRatio;
  if (leastRatio !== undefined && ratio !== undefined) return ratio >= leastRatio;
  return undefined;
}

/** A figure for people, with its unit. */
export function figure(value: number, unit: string): string {
  return `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ${unit}`;
}
