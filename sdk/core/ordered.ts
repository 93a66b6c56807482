import { present } from "./present.ts";
/**
 * Applies `work` to up to `concurrency` items at once and yields the results in the items' order. An error ends it;
 * what is under way by then is awaited, so that nothing runs on unseen.
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
      // its error is seen when its turn comes; until then it must not count as unhandled
      started.catch(() => {});
      underway.push(started);
      if (underway.length >= concurrency) yield await present(underway.shift());
    }
    while (underway.length > 0) yield await present(underway.shift());
  } finally {
    await Promise.allSettled(underway);
  }
}
