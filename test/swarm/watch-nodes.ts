import { setTimeout as sleep } from "node:timers/promises";

/** What a client has seen that asks every 50 ms, and goes on to the next node where one does not answer. */
export interface Watched {
  readonly asked: number;
  /** Requests that the first node asked did not answer, and another did. */
  readonly elsewhere: number;
  /** Requests that no node answered, each with the reasons. */
  readonly unanswered: readonly string[];
}

/** Starts the client. @returns what ends it, and then says what it has seen */
export function watchNodes(urls: readonly string[]): () => Promise<Watched> {
  const pending = new Set<Promise<void>>();
  const unanswered: string[] = [];
  let [asked, elsewhere, ended] = [0, 0, false];
  const ask = async (from: number): Promise<void> => {
    const reasons: string[] = [];
    for (let step = 0; step < urls.length; step++) {
      const url = urls[(from + step) % urls.length] as string;
      const why = await fetch(url, { signal: AbortSignal.timeout(20_000) }).then(
        async (answer) => (await answer.text(), answer.ok ? undefined : `status ${answer.status}`),
        (error: Error) => String(error.cause ?? error),
      );
      if (why === undefined) {
        if (step > 0) elsewhere++;
        return;
      }
      reasons.push(`${url} ${why}`);
    }
    unanswered.push(reasons.join("; "));
  };
  const run = (async () => {
    for (; !ended; await sleep(50)) {
      // a busy computer answers late: what is asked is bounded
      if (pending.size >= 40) continue;
      const one = ask(asked++).finally(() => pending.delete(one));
      pending.add(one);
    }
    await Promise.all(pending);
  })();
  return async () => {
    ended = true;
    await run;
    return { asked, elsewhere, unanswered };
  };
}
