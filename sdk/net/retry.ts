import { setTimeout as sleep } from "node:timers/promises";
import { LinuxKitError, isLinuxKitError } from "../core/errors.ts";

/** How often, and after which pauses, a failed request is tried again. */
export interface RetryPolicy {
  /** Tries in all. @default 5 */
  readonly attempts: number;
  /** Longest pause before the second try, in milliseconds; it doubles with each try. @default 250 */
  readonly baseMs: number;
  /** Longest pause in milliseconds, even where a server asks for more. @default 20000 */
  readonly maxMs: number;
}

/** Whether a status means that the same request may succeed later. */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
}

// errors of name resolution and certificates do not change within seconds
const LASTING = /^(?:ENOTFOUND|ERR_TLS_|ERR_INVALID_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

/** Whether trying again may help: the connection was cut, refused or silent. */
export function isWorthRetrying(error: unknown): boolean {
  if (isLinuxKitError(error, "TIMEOUT")) return true;
  if (!isLinuxKitError(error, "NETWORK") || error.cause === undefined) return false;
  // fetch wraps a socket's error
  const { cause, code: own } = error.cause as { code?: unknown; cause?: { code?: unknown } };
  const code = cause?.code ?? own;
  return !(typeof code === "string" && LASTING.test(code));
}

/**
 * Milliseconds to wait after try number `attempt` (from 1): random up to a doubling bound, at least what the server
 * asked for in `retryAfter`, at most `maxMs`.
 */
export function backOff(
  policy: RetryPolicy,
  attempt: number,
  retryAfter: string | null = null,
  random: () => number = Math.random,
): number {
  const bound = Math.min(policy.maxMs, policy.baseMs * 2 ** (attempt - 1));
  return Math.min(policy.maxMs, Math.max(random() * bound, askedFor(retryAfter)));
}

/** Sleeps. @throws CANCELLED at once when aborted */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal ? { signal } : {});
  } catch (error) {
    throw new LinuxKitError("CANCELLED", "the retry was cancelled", { what: "the retry" }, { cause: error });
  }
}

// Retry-After: seconds, or a date (RFC 9110 10.2.3)
function askedFor(retryAfter: string | null): number {
  if (retryAfter === null) return 0;
  const milliseconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now();
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : 0;
}
