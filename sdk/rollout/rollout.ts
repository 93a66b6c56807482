import type { Progress } from "../core/progress.ts";

/**
 * A gate's view of one backend: AWS rolls by an instance refresh, QEMU by starting and stopping machines of this host. The
 * driver repeats requests that may be repeated, each with its own deadline.
 */
export interface RolloutDriver {
  /**
   * Starts a rollout, or joins the one to the same image that an interrupted run left running. Returns its id, or undefined
   * if every machine is as wanted. If it rejects, no rollout has started.
   */
  start(signal: AbortSignal): Promise<string | undefined>;
  /** The state of the rollout. Changes nothing; called every few seconds, also after {@link RolloutDriver.rollBack}. */
  describe(id: string): Promise<RolloutReport>;
  /**
   * Starts a rollback; {@link RolloutDriver.describe} then reports `returning`, and `returned` at the end. It takes no signal,
   * because Cancel causes it. Without an old image it stops the new machines, or reports `stuck`.
   */
  rollBack(id: string, reason: string): Promise<void>;
  /** The last console lines of the machine that failed. @default none */
  console?(): readonly string[];
  /** What runs in place of what should: a line for each machine, and one for the group's own configuration. Undefined for a group that is gone. */
  drift?(signal: AbortSignal): Promise<readonly string[] | undefined>;
}

/**
 * The phase of a rollout:
 * - `waiting`: it has not begun; `rolling`: machines are being replaced; `done`: all run the new image and are healthy;
 * - `failed`: it stopped, and the gate must roll back;
 * - `returning`: it is rolling back, by the gate or by the cloud itself; `returned`: it is rolled back; `stuck`: the rollback failed.
 */
export type RolloutPhase = "waiting" | "rolling" | "done" | "failed" | "returning" | "returned" | "stuck";

/** A rollout at one moment. */
export interface RolloutReport {
  readonly phase: RolloutPhase;
  /** Machines that run the new image and are healthy. */
  readonly updated: number;
  /** The wanted number of machines. */
  readonly total: number;
  /** Healthy machines, old and new together; undefined if the cloud watches that itself. */
  readonly healthy?: number;
  /** Why it is `failed`, `returning`, `returned` or `stuck`: lower case, no full stop. */
  readonly reason?: string;
}

/** When the gate itself fails a rollout. */
export interface RolloutLimits {
  /** The least number of healthy machines. @default 0: not watched */
  readonly minHealthy?: number;
  /** Seconds without another healthy machine on the new image. @default no limit */
  readonly stallSeconds?: number;
  /** Seconds that a rollback may take. @default 1800 */
  readonly returnSeconds?: number;
  /** How many looks may fail in a row. @default 5 */
  readonly blindLooks?: number;
}

/** The gate's state between two looks. */
export interface RolloutState {
  readonly at: "forward" | "back" | "end";
  /** When it last made progress, in seconds of a monotonic clock. */
  readonly since: number;
  readonly updated: number;
  readonly total: number;
  /** Looks that failed in a row. */
  readonly blind: number;
  /** Rollback requests that failed, and whether the last one succeeded. */
  readonly refused: number;
  readonly ordered: boolean;
  /** Why the gate rolls back. */
  readonly why?: string;
  /** At the end: every machine runs the new image, every machine runs the old one, or neither. */
  readonly outcome?: "done" | "returned" | "stuck";
}

/** An event of a rollout. */
export type RolloutEvent =
  | { readonly kind: "report"; readonly report: RolloutReport }
  /** `describe` rejected. */
  | { readonly kind: "blind"; readonly message: string }
  /** `rollBack` rejected: the gate repeats it unless the next look shows another end. */
  | { readonly kind: "refused"; readonly message: string }
  /** Ctrl-C, or the resource's time limit. */
  | { readonly kind: "stop"; readonly message: string };

/** The gate's reaction to an event. */
export interface RolloutStep {
  readonly state: RolloutState;
  /** Call the driver's `rollBack` with this reason. */
  readonly rollBack?: string;
  /** Progress to show. */
  readonly lines: readonly Progress[];
}

/** The state before the first look. */
export function beginRollout(now: number): RolloutState {
  return { at: "forward", since: now, updated: 0, total: 0, blind: 0, refused: 0, ordered: false };
}

/** The gate's state machine: from state and event to the next state and actions. Pure; `end` is final. */
export function advanceRollout(state: RolloutState, event: RolloutEvent, now: number, limits: RolloutLimits = {}): RolloutStep {
  if (state.at === "end") return { state, lines: [] };
  switch (event.kind) {
    case "stop":
      // a rollback cannot be stopped: that would leave a fleet of two images
      return state.at === "back" ? { state, lines: [] } : turnBack(state, event.message, now);
    case "blind": {
      const blind = state.blind + 1;
      if (blind <= (limits.blindLooks ?? 5)) return { state: { ...state, blind }, lines: [] };
      return state.at === "back"
        ? end(state, "stuck", event.message)
        : turnBack({ ...state, blind: 0 }, `cannot see its state: ${event.message}`, now);
    }
    case "refused": {
      const refused = state.refused + 1;
      return refused > (limits.blindLooks ?? 5)
        ? end(state, "stuck", event.message)
        : { state: { ...state, refused, ordered: false }, lines: [] };
    }
    case "report":
      return state.at === "back" ? backward(state, event.report, now, limits) : forward(state, event.report, now, limits);
  }
}

function forward(state: RolloutState, report: RolloutReport, now: number, limits: RolloutLimits): RolloutStep {
  const { phase, updated, total, healthy, reason } = report;
  const went = updated > state.updated;
  // waiting for another rollout to end does not count as a stall
  const next: RolloutState = { ...state, updated, total, blind: 0, since: went || phase === "waiting" ? now : state.since };
  const lines = went || state.total === 0 ? [batchLine(next, went)] : [];
  switch (phase) {
    case "done":
      return { ...end(next, "done"), lines };
    case "failed":
      return withLines(lines, turnBack(next, reason ?? "it failed", now));
    case "returning":
    case "returned":
    case "stuck": {
      // the cloud rolls back by itself
      const why = reason ?? "the cloud rolled it back";
      return withLines([...lines, backLine(why)], backward({ ...next, at: "back", ordered: true, why, since: now }, report, now, limits));
    }
  }
  if (healthy !== undefined && healthy < (limits.minHealthy ?? 0))
    return withLines(lines, turnBack(next, `only ${healthy} of ${total} machines are healthy, wanted at least ${limits.minHealthy}`, now));
  if (limits.stallSeconds !== undefined && now - next.since >= limits.stallSeconds)
    return withLines(
      lines,
      turnBack(next, `no further machine became healthy within ${limits.stallSeconds} s${reason ? `: ${reason}` : ""}`, now),
    );
  return { state: next, lines };
}

function backward(state: RolloutState, { phase, reason, updated, total }: RolloutReport, now: number, limits: RolloutLimits): RolloutStep {
  const next = { ...state, blind: 0, total };
  switch (phase) {
    case "returned":
      return end(next, "returned");
    case "stuck":
      return end(next, "stuck", reason);
    case "done":
      // the last machine became healthy before the rollback began
      return end({ ...next, updated }, "done");
    case "returning":
      break;
    default:
      if (!next.ordered) return { state: { ...next, ordered: true }, rollBack: next.why ?? "", lines: [] };
      if (phase === "failed") return end(next, "stuck", reason);
  }
  const limit = limits.returnSeconds ?? 1800;
  return now - state.since >= limit ? end(next, "stuck", `it took longer than ${limit} s`) : { state: next, lines: [] };
}

function turnBack(state: RolloutState, why: string, now: number): RolloutStep {
  return { state: { ...state, at: "back", ordered: true, why, since: now }, rollBack: why, lines: [backLine(why)] };
}

function end(state: RolloutState, outcome: "done" | "returned" | "stuck", reason?: string): RolloutStep {
  const why = [state.why, outcome === "stuck" ? `the rollback failed${reason ? `: ${reason}` : ""}` : undefined].filter(Boolean).join("; ");
  return { state: { ...state, at: "end", outcome, ...(why && { why }) }, lines: [] };
}

function batchLine({ updated, total }: RolloutState, lasting: boolean): Progress {
  return {
    stage: "roll",
    message: `${updated} of ${total} machines run the new image and are healthy`,
    done: updated,
    total,
    unit: "items",
    lasting,
  };
}

function backLine(why: string): Progress {
  return { stage: "roll", message: `rolling back: ${why}`, lasting: true };
}

function withLines(lines: readonly Progress[], step: RolloutStep): RolloutStep {
  return { ...step, lines: [...lines, ...step.lines] };
}
