/**
 * Returns a function that hands out `count` values in turn, each made when it is first needed. A value belongs to
 * the caller until `count` more are requested, so gigabytes pass through a few buffers without garbage. With a `count` of infinity
 * every value is new.
 */
export function ring<T>(count: number, make: () => T): () => T {
  if (count === Number.POSITIVE_INFINITY) return make;
  const made: T[] = [];
  let turn = 0;
  return () => {
    const next = turn < made.length ? (made[turn] as T) : make();
    made[turn] = next;
    turn = (turn + 1) % count;
    return next;
  };
}
