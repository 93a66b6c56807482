import { setTimeout as sleep } from "node:timers/promises";

/** A page's text; undefined without a complete answer within ten seconds. */
export async function pageAt(url: string): Promise<string | undefined> {
  return fetch(url, { signal: AbortSignal.timeout(10_000) })
    .then((answer) => answer.text())
    .catch(() => undefined);
}

/** What was observed of machines during an action. */
export interface Watched<T> {
  readonly outcome: PromiseSettledResult<T>;
  /** How often all of them were polled. */
  readonly looks: number;
  /** How often none of them answered. */
  readonly dark: number;
}

/** Polls each URL while `act` runs. */
export async function watchUrls<T>(urls: readonly string[], act: Promise<T>): Promise<Watched<T>> {
  let over = false;
  const settled = Promise.allSettled([act]).finally(() => {
    over = true;
  });
  let [looks, dark] = [0, 0];
  while (!over) {
    const pages = await Promise.all(urls.map(pageAt));
    looks++;
    if (pages.every((page) => page === undefined)) dark++;
    await sleep(250);
  }
  const [outcome] = await settled;
  return { outcome, looks, dark };
}
