/** Something to show as an area. */
export interface Weighted {
  /** Above 0. */
  readonly weight: number;
}

export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Divides an area among things by their weights, the largest first, into rectangles that are as square as they can be
 * ("Squarified Treemaps", Bruls, Huizing, van Wijk, 2000, section 3).
 */
export function treemap<T extends Weighted>(things: readonly T[], area: Area): (Area & { readonly thing: T })[] {
  const sorted = things.filter(({ weight }) => weight > 0).toSorted((a, b) => b.weight - a.weight);
  const whole = sorted.reduce((sum, { weight }) => sum + weight, 0);
  const sizes = sorted.map(({ weight }) => (weight * area.width * area.height) / whole);
  const placed: (Area & { readonly thing: T })[] = [];
  let left = area;
  for (let start = 0; start < sorted.length; ) {
    const side = Math.min(left.width, left.height);
    let sum = 0;
    let worst = Number.POSITIVE_INFINITY;
    let end = start;
    for (; end < sorted.length; end++) {
      const size = sizes[end] as number;
      const next = ratio(sizes[start] as number, size, sum + size, side);
      // one more would make the row less square
      if (next > worst) break;
      worst = next;
      sum += size;
    }
    const isColumn = left.width >= left.height;
    const depth = sum / Math.max(side, Number.MIN_VALUE);
    let at = isColumn ? left.y : left.x;
    for (; start < end; start++) {
      const length = (sizes[start] as number) / depth;
      const thing = sorted[start] as T;
      placed.push({
        thing,
        ...(isColumn ? { x: left.x, y: at, width: depth, height: length } : { x: at, y: left.y, width: length, height: depth }),
      });
      at += length;
    }
    left = isColumn
      ? { ...left, x: left.x + depth, width: Math.max(0, left.width - depth) }
      : { ...left, y: left.y + depth, height: Math.max(0, left.height - depth) };
  }
  return placed;
}

/** The worst ratio of the sides in a row whose largest and smallest areas are given. */
function ratio(largest: number, smallest: number, sum: number, side: number): number {
  return Math.max((side * side * largest) / (sum * sum), (sum * sum) / (side * side * smallest));
}
