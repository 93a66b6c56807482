import { setTimeout as sleep } from "node:timers/promises";

/** What a page says; undefined when nobody answers within ten seconds, or not to the end. */
export async function pageAt(url: string): Promise<string | undefined> {
  return fetch(url, { signal: AbortSignal.timeout(10_000) })
    .then((answer) => answer.text())
    .catch(() => undefined);
}

/** What was seen of machines while something else went on. */
export interface Watched<T> {
  readonly outcome: PromiseSettledResult<T>;
  /** How often all of them were asked. */
  readonly looks: number;
  /** How often none of them answered. */
  readonly dark: number;
  /** Of each, how often it did not answer. */
  readonly away: readonly number[];
}

/** Asks each URL again and again for as long as `act` goes on. */
export async function watchUrls<T>(urls: readonly string[], act: Promise<T>): Promise<Watched<T>> {
  let over = false;
  const settled = Promise.allSettled([act]).finally(() => {
    over = true;
  });
  let [looks, dark] = [0, 0];
  const away = urls.map(() => 0);
  while (!over) {
    const pages = await Promise.all(urls.map(pageAt));
    looks++;
    if (pages.every((page) => page === undefined)) dark++;
    for (const [index, page] of pages.entries()) if (page === undefined) away[index] = (away[index] ?? 0) + 1;
    await sleep(250);
  }
  const [outcome] = await settled;
  return { outcome, looks, dark, away };
}
