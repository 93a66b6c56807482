import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** What a client has seen that asks every 50 ms, and goes on to the next node where one does not answer. */
export interface Watched {
  readonly asked: number;
  /** Requests that the first node asked did not answer, and another did. */
  readonly elsewhere: number;
  /** Requests that no node answered, each with the reasons. */
  readonly unanswered: readonly string[];
}

/** Lets the client ask for as long as the work takes. */
export async function watchNodes(urls: readonly string[], work: () => Promise<unknown>): Promise<Watched> {
  const pending = new Set<Promise<void>>();
  const unanswered: string[] = [];
  let [asked, elsewhere, ended] = [0, 0, false];
  const ask = async (from: number): Promise<void> => {
    const reasons: string[] = [];
    for (let step = 0; step < urls.length; step++) {
      const url = urls[(from + step) % urls.length] as string;
      const why = await notAnswered(url);
      if (why === undefined) {
        if (step > 0) elsewhere++;
        return;
      }
      reasons.push(`${url} ${why}`);
    }
    unanswered.push(reasons.join("; "));
  };
  const asking = (async () => {
    for (; !ended; await sleep(50)) {
      // a busy computer answers late: what is asked is bounded
      if (pending.size >= 40) continue;
      const one = ask(asked++).finally(() => pending.delete(one));
      pending.add(one);
    }
    await Promise.all(pending);
  })();
  try {
    await work();
  } finally {
    ended = true;
    await asking;
  }
  return { asked, elsewhere, unanswered };
}

/** Why a node does not answer; undefined if it does. An answer that is cut short is none. */
function notAnswered(url: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = get(url, { agent: false, signal: AbortSignal.timeout(20_000) }, (answer) => {
      answer.on("error", ({ message }) => resolve(message));
      answer.on("close", () => resolve(answer.complete && answer.statusCode === 200 ? undefined : `status ${answer.statusCode}`));
      answer.resume();
    });
    asked.on("error", ({ message }) => resolve(message));
  });
}
