/** One figure, with what it is measured against in the same run. */
export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: "s" | "MB" | "MB/s";
  /** The same thing with nothing of ours in it. */
  readonly floor?: number;
  readonly floorIs?: string;
  /** What the figure may be at most. */
  readonly limit?: number;
  /** How many times the floor it may be. */
  readonly limitRatio?: number;
  /** How many times the floor it must be, of what is better the more it is. */
  readonly leastRatio?: number;
}

/** Whether a figure is within its limit; undefined where it has none. */
export function within({ value, floor, limit, limitRatio, leastRatio }: Row): boolean | undefined {
  if (limit !== undefined) return value <= limit;
  if (limitRatio !== undefined && floor !== undefined) return value <= limitRatio * floor;
  if (leastRatio !== undefined && floor !== undefined) return value >= leastRatio * floor;
  return undefined;
}

/** A figure as a person reads it. */
export function figure(value: number, unit: string): string {
  return `${value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)} ${unit}`;
}
