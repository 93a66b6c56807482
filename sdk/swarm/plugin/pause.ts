import { setTimeout as sleep } from "node:timers/promises";
import { isLinuxKitError, LinuxKitError } from "../../core/errors.ts";
import type { MemberWork } from "../../cluster/plugin/member.ts";

/** Milliseconds between two looks. */
const PACE = 500;

/** What is waited for, as messages name it. */
export interface Awaited {
  /** @example 'node "m2"' */
  readonly what: string;
  /** @example "is not ready" */
  readonly lacks: string;
}

/**
 * Looks until a look finds nothing missing. A look that fails because an engine does not answer is repeated.
 *
 * @param look says what is missing
 * @throws TIMEOUT with what was missing at last; CANCELLED
 */
export async function until(
  { what, lacks }: Awaited,
  { signal, progress }: MemberWork,
  look: () => Promise<string | undefined>,
): Promise<void> {
  let latest = "its engine has not answered";
  for (;;) {
    // the end of the call cuts a look short
    const missing = await look().catch((error: unknown) => (signal.aborted ? latest : passing(error)));
    if (missing === undefined) return;
    latest = missing;
    progress({ stage: "swarm", message: `${what} ${lacks}: ${missing}` });
    await sleep(PACE, undefined, { signal }).catch(() => {});
    if (!signal.aborted) continue;
    const { reason } = signal;
    if (!isLinuxKitError(reason, "TIMEOUT")) throw reason;
    const { seconds } = reason.detail;
    throw new LinuxKitError("TIMEOUT", `${what} ${lacks} after ${seconds} s: ${missing}`, { seconds, waitingFor: what }, { cause: reason });
  }
}

/** What may pass by itself: an engine that restarts, a swarm that elects a leader. */
function passing(error: unknown): string {
  if (isLinuxKitError(error, "NETWORK") || isLinuxKitError(error, "TIMEOUT") || isLinuxKitError(error, "UNSUPPORTED")) return error.message;
  throw error;
}
