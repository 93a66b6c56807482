import type { EBSClientConfig } from "@aws-sdk/client-ebs";
import { backOff } from "../../../../sdk/net/retry.ts";

/** Attempts at one request, including the first. */
export const ATTEMPTS = 12;

/** Milliseconds of the first wait at most, after an error and after throttling, and of any wait. */
const FIRST_WAIT_MS = { TRANSIENT: 100, THROTTLING: 500 } as const;
const LONGEST_WAIT_MS = 20_000;

type RetryStrategy = Extract<NonNullable<EBSClientConfig["retryStrategy"]>, { refreshRetryTokenForRetry: unknown }>;

/**
 * The SDK's standard retries with a limit for each request, and no quota for all of them.
 *
 * The SDK's own strategy lets one client retry 35 times before something succeeds (500 tokens, 14 for each retry). An upload
 * has 64 blocks in flight: where all their connections end at once, the quota is spent before each block was sent again.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Retry behavior", standard mode.
 */
export function retriesOfEach(attempts: number = ATTEMPTS): RetryStrategy {
  const token = (count: number, wait: number) => ({ getRetryCount: () => count, getRetryDelay: () => wait, getRetryCost: () => 0 });
  return {
    acquireInitialRetryToken: async () => token(0, 0),
    refreshRetryTokenForRetry: async (last, { errorType, retryAfterHint }) => {
      const count = last.getRetryCount() + 1;
      if (!(errorType === "THROTTLING" || errorType === "TRANSIENT") || count >= attempts) throw new Error("no further attempt");
      const wait = backOff({ attempts, baseMs: FIRST_WAIT_MS[errorType], maxMs: LONGEST_WAIT_MS }, count);
      const asked = retryAfterHint === undefined ? 0 : retryAfterHint.getTime() - Date.now();
      return token(count, Math.min(LONGEST_WAIT_MS, Math.max(wait, asked)));
    },
    recordSuccess: () => {},
  };
}
