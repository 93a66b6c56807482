#!/usr/bin/env node
// A client of a cluster's service: node watch.mjs URL... asks every 50 ms, each time another node first, and asks the next one where a
// node does not answer. Ctrl-C ends it. It says how many requests no node answered, and fails if there were any.
import { once } from "node:events";
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

/** Requests under way at once: a busy computer answers late. */
const MOST_PENDING = 40;

/**
 * Asks for as long as the work takes.
 *
 * @param {readonly string[]} urls the same service on each node
 * @param {() => Promise<unknown>} work
 * @returns {Promise<{ asked: number, elsewhere: number, unanswered: string[] }>} how many requests there were, how many of them another
 *   node answered than the first one asked, and for each that none answered the reasons
 */
export async function watchNodes(urls, work) {
  const pending = new Set();
  const unanswered = [];
  let [asked, elsewhere, ended] = [0, 0, false];
  const ask = async (from) => {
    const reasons = [];
    for (let step = 0; step < urls.length; step++) {
      const url = urls[(from + step) % urls.length];
      const since = performance.now();
      const why = await notAnswered(url);
      if (why === undefined) {
        if (step > 0) elsewhere++;
        return;
      }
      reasons.push(`${url} ${why} after ${((performance.now() - since) / 1000).toFixed(1)} s`);
    }
    unanswered.push(reasons.join("; "));
  };
  const asking = (async () => {
    for (; !ended; await sleep(50)) {
      if (pending.size >= MOST_PENDING) continue;
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

/** Why a node does not answer; undefined if it does. An incomplete answer does not count. */
function notAnswered(url) {
  return new Promise((resolve) => {
    const asked = get(url, { agent: false, signal: AbortSignal.timeout(20_000) }, (answer) => {
      answer.on("error", ({ message }) => resolve(message));
      answer.on("close", () => resolve(answer.complete && answer.statusCode === 200 ? undefined : `status ${answer.statusCode}`));
      answer.resume();
    });
    asked.on("error", ({ message }) => resolve(message));
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const urls = process.argv.slice(2);
  if (urls.length === 0) {
    console.error("usage: node watch.mjs URL...");
    process.exit(2);
  }
  const { asked, elsewhere, unanswered } = await watchNodes(urls, () => once(process, "SIGINT"));
  console.log(`${asked} requests, ${elsewhere} of them answered by another node than the first, ${unanswered.length} by none`);
  for (const reasons of unanswered.slice(0, 10)) console.log(reasons);
  process.exitCode = unanswered.length > 0 ? 1 : 0;
}
