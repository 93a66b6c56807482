import { setTimeout as sleep } from "node:timers/promises";
import { isLinuxKitError, LinuxKitError } from "../core/errors.ts";
import type { OnProgress } from "../core/progress.ts";
import { advanceRollout, beginRollout, type RolloutDriver, type RolloutEvent, type RolloutLimits } from "./rollout.ts";

/** One rollout to run. */
export interface RolloutRun {
  /** The fleet's name in the program, for messages. */
  readonly name: string;
  /** Aborted by Ctrl-C or the time limit: the fleet is then rolled back before {@link runRollout} rejects. */
  readonly signal: AbortSignal;
  readonly progress: OnProgress;
  readonly limits?: RolloutLimits;
  /** Polling interval in seconds. @default 5 */
  readonly paceSeconds?: number;
  /** A monotonic clock, in seconds. @default the process's own */
  readonly now?: () => number;
}

/** The result of a rollout. */
export interface RolledOut {
  /** The driver's id of the rollout; empty if none was needed. */
  readonly id: string;
  readonly updated: number;
}

/**
 * Rolls a fleet and waits until every machine is healthy on the new image.
 *
 * @throws ROLLOUT_FAILED with the reason, after the rollback has succeeded or failed; what `start` throws
 */
export async function runRollout(driver: RolloutDriver, run: RolloutRun): Promise<RolledOut> {
  const { name, signal, progress, limits = {}, paceSeconds = 5, now = () => performance.now() / 1000 } = run;
  const id = await driver.start(signal);
  if (id === undefined) return { id: "", updated: 0 };
  let state = beginRollout(now());
  const happen = async (event: RolloutEvent): Promise<void> => {
    const step = advanceRollout(state, event, now(), limits);
    state = step.state;
    for (const line of step.lines) progress(line);
    if (step.rollBack !== undefined)
      await driver.rollBack(id, step.rollBack).catch((error) => happen({ kind: "refused", message: messageOf(error) }));
  };
  for (;;) {
    // look before stopping: a rollout that is done already is not rolled back
    await happen(
      await driver.describe(id).then(
        (report) => ({ kind: "report" as const, report }),
        (error) => ({ kind: "blind" as const, message: messageOf(error) }),
      ),
    );
    if (state.at === "forward" && signal.aborted)
      await happen({ kind: "stop", message: isLinuxKitError(signal.reason, "TIMEOUT") ? signal.reason.message : "it was cancelled" });
    if (state.at === "end") break;
    await sleep(paceSeconds * 1000, undefined, state.at === "forward" ? { signal } : {}).catch(() => {});
  }
  const { outcome, updated, total, why = "" } = state;
  if (outcome === "done") return { id, updated };
  const returned = outcome === "returned";
  const end = returned ? "; rolled back: every machine runs the old image" : ": check the fleet, then run the update again";
  const message = `the rollout of "${name}" failed with ${updated} of ${total} machines on the new image: ${why}${end}`;
  throw new LinuxKitError(
    "ROLLOUT_FAILED",
    [message, ...(driver.console?.() ?? [])].join("\n"),
    { reason: why, returned, updated, total },
    { cause: signal.aborted ? signal.reason : undefined },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
