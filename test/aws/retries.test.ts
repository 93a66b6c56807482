import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { retriesOfEach } from "../../providers/aws/plugin/access/retries.ts";

/** The longest wait in milliseconds before each further attempt, until the strategy refuses one. */
async function waits(errorType: "TRANSIENT" | "THROTTLING" | "SERVER_ERROR" | "CLIENT_ERROR", hintMs?: number): Promise<number[]> {
  const strategy = retriesOfEach(5);
  const longest: number[] = [];
  for (let run = 0; run < 300; run++) {
    let token = await strategy.acquireInitialRetryToken("");
    for (let at = 0; ; at++) {
      const retryAfterHint = hintMs === undefined ? {} : { retryAfterHint: new Date(Date.now() + hintMs) };
      const next = await strategy.refreshRetryTokenForRetry(token, { errorType, ...retryAfterHint }).catch(() => undefined);
      if (next === undefined) break;
      assert.equal(next.getRetryCount(), at + 1);
      longest[at] = Math.max(longest[at] ?? 0, next.getRetryDelay());
      token = next;
    }
  }
  return longest;
}

describe("a request to AWS", () => {
  for (const [errorType, hintMs, least, most] of [
    ["TRANSIENT", undefined, [75, 150, 300, 600], [100, 200, 400, 800]],
    ["THROTTLING", undefined, [375, 750, 1500, 3000], [500, 1000, 2000, 4000]],
    ["TRANSIENT", 3000, [2900, 2900, 2900, 2900], [3000, 3000, 3000, 3000]],
    ["TRANSIENT", 60_000, [20_000, 20_000, 20_000, 20_000], [20_000, 20_000, 20_000, 20_000]],
    ["SERVER_ERROR", undefined, [], []],
    ["CLIENT_ERROR", undefined, [], []],
  ] as const)
    test(`is sent again ${most.length} times after ${errorType}${hintMs === undefined ? "" : `, with a hint of ${hintMs} ms`}`, async () => {
      const got = await waits(errorType, hintMs);
      assert.equal(got.length, most.length);
      for (const [at, wait] of got.entries())
        assert.ok(wait >= (least[at] as number) && wait <= (most[at] as number), `wait ${at + 1}: ${wait} ms`);
    });
});
