import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { forEachParallel } from "../../sdk/core/parallel.ts";

test("every item is processed, and never more than the limit at a time", async () => {
  const done: number[] = [];
  let [now, most] = [0, 0];
  await forEachParallel([...Array(20).keys()], 3, undefined, async (item) => {
    most = Math.max(most, ++now);
    await sleep(item % 3);
    now--;
    done.push(item);
  });
  assert.deepEqual(
    done.sort((a, b) => a - b),
    [...Array(20).keys()],
  );
  assert.equal(most, 3);
  await forEachParallel([], 3, undefined, () => Promise.reject(new Error("called without an item")));
});

test("the first failure aborts the other items, and is thrown once they have ended", async () => {
  const begun: number[] = [];
  let ended = false;
  const work = async (item: number, signal: AbortSignal): Promise<void> => {
    begun.push(item);
    if (item === 1) throw new Error("first");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    await sleep(5);
    ended = true;
    throw new Error("second");
  };
  await assert.rejects(forEachParallel([0, 1, 2, 3], 2, undefined, work), { message: "first" });
  assert.deepEqual(begun, [0, 1]);
  assert.ok(ended);
});

test("the caller's signal aborts the items under way", async () => {
  const stop = new AbortController();
  const working = forEachParallel(
    [0],
    2,
    stop.signal,
    (_, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  stop.abort(new Error("enough"));
  await assert.rejects(working, { message: "enough" });
});
