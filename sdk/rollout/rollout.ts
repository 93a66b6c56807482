import type { Progress } from "../core/progress.ts";

/**
 * What the gate asks of a fleet. Each cloud has one: AWS over an instance refresh, QEMU over machines
 * of this host. A request that may be repeated is repeated in here, with its own deadline.
 */
export interface RolloutDriver {
  /**
   * Begins to bring the fleet to what is wanted, or takes up the rollout to the same image that an interrupted run left
   * under way; gives the rollout's id, or undefined where every machine is as wanted. When it rejects, none was begun.
   */
  start(signal: AbortSignal): Promise<string | undefined>;
  /** How far that rollout is. A look only: asked every few seconds, and also after {@link RolloutDriver.rollBack}. */
  describe(id: string): Promise<RolloutReport>;
  /**
   * Begins to bring the old image back; {@link RolloutDriver.describe} then says `returning`, and `returned` at the
   * end. There is no signal: it is what happens on Cancel. Where there was no old image, the new machines go.
   */
  rollBack(id: string, reason: string): Promise<void>;
  /** The last lines of the console of the machine that failed. @default the driver sees no console */
  console?(): readonly string[];
}

/**
 * How a rollout stands:
 * - `waiting`: nothing has begun yet; `rolling`: machines are being replaced; `done`: all run the new image and are healthy;
 * - `failed`: it stopped, and somebody has to bring the old image back (the gate does);
 * - `returning`: the old image comes back, asked for by us or by the cloud itself; `returned`: it is back; `stuck`: it cannot be.
 */
export type RolloutPhase = "waiting" | "rolling" | "done" | "failed" | "returning" | "returned" | "stuck";

/** What is seen of a rollout at one moment. */
export interface RolloutReport {
  readonly phase: RolloutPhase;
  /** Machines that run the new image and are healthy. */
  readonly updated: number;
  /** Machines that shall be. */
  readonly total: number;
  /** Machines that are healthy, old and new together; left out where the cloud watches that by itself. */
  readonly healthy?: number;
  /** Why it is `failed`, `returning`, `returned` or `stuck`: lower case, no full stop. */
  readonly reason?: string;
}

/** When the gate gives a rollout up by itself. */
export interface RolloutLimits {
  /** Fewer healthy machines than this are too few. @default 0: not watched */
  readonly minHealthy?: number;
  /** Seconds within which one more machine has to become healthy on the new image. @default no limit of the gate's own */
  readonly stallSeconds?: number;
  /** Seconds that the way back may take. @default 1800 */
  readonly returnSeconds?: number;
  /** How many looks in a row may fail. @default 5 */
  readonly blindLooks?: number;
}

/** What the gate remembers between two looks. */
export interface RolloutState {
  readonly at: "forward" | "back" | "end";
  /** When it last went on, in seconds of any clock that never goes back. */
  readonly since: number;
  readonly updated: number;
  readonly total: number;
  /** Looks that failed, in a row. */
  readonly blind: number;
  /** Orders to turn back that were refused, and whether the last one was taken. */
  readonly refused: number;
  readonly ordered: boolean;
  /** Why the old image was asked for. */
  readonly why?: string;
  /** At the end: whether the new image runs everywhere, the old one is back, or neither. */
  readonly outcome?: "done" | "returned" | "stuck";
}

/** What happens to a rollout. */
export type RolloutEvent =
  | { readonly kind: "report"; readonly report: RolloutReport }
  /** `describe` rejected. */
  | { readonly kind: "blind"; readonly message: string }
  /** `rollBack` rejected: it is asked again where the next look shows no other end. */
  | { readonly kind: "refused"; readonly message: string }
  /** Ctrl-C, or the time that the resource has is over. */
  | { readonly kind: "stop"; readonly message: string };

/** What the gate does about it. */
export interface RolloutStep {
  readonly state: RolloutState;
  /** Ask the driver for the old image, for this reason. */
  readonly rollBack?: string;
  /** What a person is told. */
  readonly lines: readonly Progress[];
}

/** A gate that has seen nothing yet. */
export function beginRollout(now: number): RolloutState {
  return { at: "forward", since: now, updated: 0, total: 0, blind: 0, refused: 0, ordered: false };
}

/** The gate itself: from what it knows and what happened to what it does. Pure, and at `end` it stays there. */
export function advanceRollout(state: RolloutState, event: RolloutEvent, now: number, limits: RolloutLimits = {}): RolloutStep {
  if (state.at === "end") return { state, lines: [] };
  switch (event.kind) {
    case "stop":
      // once on its way back it is not to be stopped: half a fleet of each image is what nobody wants
      return state.at === "back" ? { state, lines: [] } : turnBack(state, event.message, now);
    case "blind": {
      const blind = state.blind + 1;
      if (blind <= (limits.blindLooks ?? 5)) return { state: { ...state, blind }, lines: [] };
      return state.at === "back"
        ? end(state, "stuck", event.message)
        : turnBack({ ...state, blind: 0 }, `cannot see how it goes: ${event.message}`, now);
    }
    case "refused": {
      const refused = state.refused + 1;
      return refused > (limits.blindLooks ?? 5)
        ? end(state, "stuck", event.message)
        : { state: { ...state, refused, ordered: false }, lines: [] };
    }
    case "report":
      return state.at === "back" ? onTheWayBack(state, event.report, now, limits) : forward(state, event.report, now, limits);
  }
}

function forward(state: RolloutState, report: RolloutReport, now: number, limits: RolloutLimits): RolloutStep {
  const { phase, updated, total, healthy, reason } = report;
  const went = updated > state.updated;
  // waiting for another rollout's end is not a stall of this one
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
      // the cloud has turned back by itself
      const why = reason ?? "the cloud rolled it back";
      return withLines(
        [...lines, backLine(why)],
        onTheWayBack({ ...next, at: "back", ordered: true, why, since: now }, report, now, limits),
      );
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

function onTheWayBack(
  state: RolloutState,
  { phase, reason, updated, total }: RolloutReport,
  now: number,
  limits: RolloutLimits,
): RolloutStep {
  const next = { ...state, blind: 0, total };
  switch (phase) {
    case "returned":
      return end(next, "returned");
    case "stuck":
      return end(next, "stuck", reason);
    case "done":
      // the last machine was ready before the order to turn back came
      return end({ ...next, updated }, "done");
    case "returning":
      break;
    default:
      if (!next.ordered) return { state: { ...next, ordered: true }, rollBack: next.why ?? "", lines: [] };
      if (phase === "failed") return end(next, "stuck", reason);
  }
  const limit = limits.returnSeconds ?? 1800;
  return now - state.since >= limit ? end(next, "stuck", `it was not back within ${limit} s`) : { state: next, lines: [] };
}

function turnBack(state: RolloutState, why: string, now: number): RolloutStep {
  return { state: { ...state, at: "back", ordered: true, why, since: now }, rollBack: why, lines: [backLine(why)] };
}

function end(state: RolloutState, outcome: "done" | "returned" | "stuck", reason?: string): RolloutStep {
  const why = [state.why, outcome === "stuck" ? `the old image did not come back${reason ? `: ${reason}` : ""}` : undefined]
    .filter(Boolean)
    .join("; ");
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
  return { stage: "roll", message: `bringing the old image back: ${why}`, lasting: true };
}

function withLines(lines: readonly Progress[], step: RolloutStep): RolloutStep {
  return { ...step, lines: [...lines, ...step.lines] };
}
