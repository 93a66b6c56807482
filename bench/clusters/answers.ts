import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** How long to wait for replicas: Kubernetes leaves those of a lost node for 340 s by default. */
const LONGEST_SECONDS = 1500;
const BETWEEN_MS = 100;
const LONGEST_REQUEST_MS = 8000;
/** More than are asked in that time. */
const MOST_PENDING = 100;

/**
 * Seconds until so many replicas have answered, each of which has a name of its own as its page. Requests overlap: one that is led
 * to a lost replica hangs, and the next does not wait for it.
 */
export async function awaitReplicas(urls: readonly string[], count: number, signal: AbortSignal): Promise<number> {
  const began = performance.now();
  const since = (): number => (performance.now() - began) / 1000;
  const over = new AbortController();
  const names = new Set<string>();
  const pending = new Set<Promise<void>>();
  let last = 0;
  const ask = async (url: string): Promise<void> => {
    const name = await pageOf(url, AbortSignal.any([over.signal, AbortSignal.timeout(LONGEST_REQUEST_MS)]));
    if (names.has(name)) return;
    names.add(name);
    last = since();
  };
  try {
    for (let turn = 0; names.size < count; turn++) {
      signal.throwIfAborted();
      if (since() > LONGEST_SECONDS)
        throw new Error(`waited ${LONGEST_SECONDS} s for ${count} replicas at ${urls.join(", ")}: ${names.size} have answered`);
      if (pending.size < MOST_PENDING) {
        const one: Promise<void> = ask(urls[turn % urls.length] as string)
          .catch(() => {})
          .finally(() => pending.delete(one));
        pending.add(one);
      }
      await sleep(BETWEEN_MS, undefined, { signal });
    }
    return last;
  } finally {
    over.abort();
    await Promise.all(pending);
  }
}

/** The page of a URL, over a connection of its own: one that is kept leads to the same replica again. */
function pageOf(url: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { agent: false, signal }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      answer.on("error", reject);
      answer.on("end", () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(`status ${answer.statusCode}`))));
    });
    asked.on("error", reject);
  });
}
