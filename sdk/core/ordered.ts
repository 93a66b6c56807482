import { present } from "./present.ts";

/**
 * Applies `work` to up to `concurrency` items at once and yields the results in the items' order. After an error no
 * further item starts, and those under way are awaited, so that no work outlives the iteration.
 *
 * @throws the error of the first failing item, in order
 */
export async function* mapOrdered<T, R>(
  items: AsyncIterable<T> | Iterable<T>,
  concurrency: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const underway: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const started = work(item);
      // its error is thrown in its turn; until then it must not count as unhandled
      started.catch(() => {});
      underway.push(started);
      if (underway.length >= concurrency) yield await present(underway.shift());
    }
    while (underway.length > 0) yield await present(underway.shift());
  } finally {
    await Promise.allSettled(underway);
  }
}
