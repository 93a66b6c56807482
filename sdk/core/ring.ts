/**
 * Gives `count` things in turn, each made when it is first needed: whoever got one has it until `count` more are asked
 * for. Gigabytes pass through a few buffers without garbage so. Of an endless count each is new.
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
