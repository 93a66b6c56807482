import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { forEachParallel } from "../../sdk/core/parallel.ts";

test("everything is worked through, and never more at a time than said", async () => {
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
  await forEachParallel([], 3, undefined, () => Promise.reject(new Error("there is nothing to do")));
});

test("the first failure is thrown once the others have heard of it and ended", async () => {
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

test("the caller's signal reaches whoever works", async () => {
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
