import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isLinuxKitError, LinuxKitError } from "../../sdk/core/errors.ts";
import type { Progress } from "../../sdk/core/progress.ts";
import {
  advanceRollout,
  beginRollout,
  type RolloutDriver,
  type RolloutEvent,
  type RolloutLimits,
  type RolloutPhase,
  type RolloutReport,
  type RolloutState,
} from "../../sdk/rollout/rollout.ts";
import { type RolledOut, runRollout } from "../../sdk/rollout/run-rollout.ts";

const report = (phase: RolloutPhase, updated = 0, more: Partial<RolloutReport> = {}): RolloutEvent => ({
  kind: "report",
  report: { phase, updated, total: 3, ...more },
});
const stop: RolloutEvent = { kind: "stop", message: "it was cancelled" };
const blind: RolloutEvent = { kind: "blind", message: "throttled" };
const refused: RolloutEvent = { kind: "refused", message: "busy" };

/** What the gate did, one event a second. */
function play(events: readonly RolloutEvent[], limits?: RolloutLimits): { state: RolloutState; orders: string[]; lines: string[] } {
  let state = beginRollout(0);
  const [orders, lines]: [string[], string[]] = [[], []];
  events.forEach((event, index) => {
    const step = advanceRollout(state, event, index + 1, limits);
    state = step.state;
    if (step.rollBack !== undefined) orders.push(step.rollBack);
    lines.push(...step.lines.filter(({ lasting }) => lasting).map(({ message }) => message));
  });
  return { state, orders, lines };
}

describe("the gate of a rollout", () => {
  const rows: {
    name: string;
    events: RolloutEvent[];
    limits?: RolloutLimits;
    outcome: RolloutState["outcome"];
    orders?: string[];
    why?: RegExp;
  }[] = [
    {
      name: "opens batch by batch",
      events: [report("waiting"), report("rolling"), report("rolling", 1), report("rolling", 2), report("done", 3)],
      outcome: "done",
    },
    {
      name: "turns back where a batch failed",
      events: [report("rolling", 1), report("failed", 1, { reason: "web never answered" }), report("returning"), report("returned")],
      outcome: "returned",
      orders: ["web never answered"],
      why: /^web never answered$/,
    },
    {
      name: "turns back on Cancel, once",
      events: [report("rolling", 1), stop, stop, report("returning"), stop, report("returned")],
      outcome: "returned",
      orders: ["it was cancelled"],
    },
    {
      name: "keeps a rollout that was done when the order to turn back came",
      events: [report("rolling", 2), stop, report("done", 3)],
      outcome: "done",
      orders: ["it was cancelled"],
    },
    {
      name: "follows a cloud that turns back by itself",
      events: [report("rolling", 1), report("returning", 1, { reason: "alarm" }), report("returned")],
      outcome: "returned",
      why: /^alarm$/,
    },
    {
      name: "sees that the cloud has turned back already",
      events: [report("returned")],
      outcome: "returned",
      why: /the cloud rolled it back/,
    },
    {
      name: "turns back where too few are healthy",
      events: [report("rolling", 0, { healthy: 2 }), report("rolling", 0, { healthy: 1 }), report("returned")],
      limits: { minHealthy: 2 },
      outcome: "returned",
      orders: ["only 1 of 3 machines are healthy, wanted at least 2"],
    },
    {
      name: "turns back where nothing goes on",
      events: [
        report("rolling"),
        report("rolling", 1),
        report("rolling", 1),
        report("rolling", 1, { reason: "pending" }),
        report("returned"),
      ],
      limits: { stallSeconds: 2 },
      outcome: "returned",
      orders: ["no further machine became healthy within 2 s: pending"],
    },
    {
      name: "does not call waiting a stall",
      events: [report("waiting"), report("waiting"), report("waiting"), report("done", 3)],
      limits: { stallSeconds: 2 },
      outcome: "done",
    },
    {
      name: "bears looks that fail, not in a row",
      events: [blind, blind, report("rolling"), blind, blind, report("done", 3)],
      limits: { blindLooks: 2 },
      outcome: "done",
    },
    {
      name: "turns back when it sees nothing for long",
      events: [blind, blind, blind, report("returned")],
      limits: { blindLooks: 2 },
      outcome: "returned",
      orders: ["cannot see its state: throttled"],
    },
    {
      name: "asks again where the order was refused",
      events: [report("rolling"), stop, refused, report("rolling"), report("returning"), report("returned")],
      outcome: "returned",
      orders: ["it was cancelled", "it was cancelled"],
    },
    {
      name: "is stuck where the order is refused for good",
      events: [report("rolling"), stop, refused, report("rolling"), refused],
      limits: { blindLooks: 1 },
      outcome: "stuck",
      orders: ["it was cancelled", "it was cancelled"],
      why: /it was cancelled; the rollback failed: busy/,
    },
    {
      name: "is stuck where the way back fails",
      events: [report("failed", 0, { reason: "a" }), report("returning"), report("stuck", 0, { reason: "b" })],
      outcome: "stuck",
      orders: ["a"],
      why: /^a; the rollback failed: b$/,
    },
    {
      name: "is stuck where the way back takes too long",
      events: [report("rolling"), stop, report("returning"), report("returning"), report("returning")],
      limits: { returnSeconds: 2 },
      outcome: "stuck",
      orders: ["it was cancelled"],
      why: /took longer than 2 s/,
    },
    {
      name: "is stuck where nothing is seen on the way back",
      events: [report("rolling"), stop, blind, blind],
      limits: { blindLooks: 1 },
      outcome: "stuck",
      orders: ["it was cancelled"],
      why: /throttled/,
    },
    { name: "stays at its end", events: [report("done", 3), report("failed"), stop, blind], outcome: "done" },
  ];
  for (const { name, events, limits, outcome, orders = [], why } of rows) {
    test(name, () => {
      const played = play(events, limits);
      assert.equal(played.state.at, "end");
      assert.equal(played.state.outcome, outcome);
      assert.deepEqual(played.orders, orders);
      if (why) assert.match(played.state.why ?? "", why);
    });
  }

  test("says one line for each batch, and one when it turns back", () => {
    const { lines } = play([
      report("rolling"),
      report("rolling", 1),
      report("rolling", 1),
      report("rolling", 2),
      report("failed", 2, { reason: "unhealthy" }),
      report("returned"),
    ]);
    assert.deepEqual(lines, [
      "1 of 3 machines run the new image and are healthy",
      "2 of 3 machines run the new image and are healthy",
      "rolling back: unhealthy",
    ]);
  });
});

/** A fleet of three in memory: each look replaces one machine, and `unhealthy` of them never get healthy. */
function fleet({ unhealthy = 3, refusals = 0 } = {}): RolloutDriver & { readonly images: string[] } {
  const images = ["old", "old", "old"];
  let back = false;
  return {
    images,
    start: async () => (images.every((image) => image === "new") ? undefined : "roll-1"),
    async describe() {
      const at = images.indexOf(back ? "new" : "old");
      const updated = images.filter((image) => image === "new").length;
      if (back) {
        if (at >= 0) images[at] = "old";
        return { phase: at < 0 ? "returned" : "returning", updated, total: 3 };
      }
      if (at < 0) return { phase: "done", updated, total: 3 };
      if (at >= unhealthy) return { phase: "failed", updated, total: 3, reason: `machine ${at} is unhealthy` };
      images[at] = "new";
      return { phase: "rolling", updated: updated + 1, total: 3 };
    },
    async rollBack() {
      if (refusals-- > 0) throw new Error("not now");
      back = true;
    },
  };
}

describe("a rollout that runs", () => {
  const run = (
    driver: RolloutDriver,
    signal = new AbortController().signal,
    progress: (line: Progress) => void = () => {},
  ): Promise<RolledOut> => runRollout(driver, { name: "web", signal, progress, paceSeconds: 0.001 });

  test("ends with every machine on the new image; the next one has nothing to do", async () => {
    const driver = fleet();
    assert.deepEqual(await run(driver), { id: "roll-1", updated: 3 });
    assert.deepEqual(driver.images, ["new", "new", "new"]);
    assert.deepEqual(await run(driver), { id: "", updated: 0 });
  });

  test("a failure brings the old image back, and says why", async () => {
    const driver = fleet({ unhealthy: 2, refusals: 2 });
    await assert.rejects(run(driver), (error) => {
      assert.ok(isLinuxKitError(error, "ROLLOUT_FAILED"));
      assert.match(
        error.message,
        /^the rollout of "web" failed with 2 of 3 machines on the new image: machine 2 is unhealthy; rolled back/,
      );
      assert.equal(error.detail.returned, true);
      return true;
    });
    assert.deepEqual(driver.images, ["old", "old", "old"]);
  });

  test("Cancel brings the old image back before it rejects", async () => {
    const driver = fleet();
    const abort = new AbortController();
    const rolling = run(driver, abort.signal, ({ done }) => {
      if (done === 2) abort.abort(new LinuxKitError("CANCELLED", "cancelled before it was done", { what: "the operation" }));
    });
    await assert.rejects(
      rolling,
      (error) =>
        isLinuxKitError(error, "ROLLOUT_FAILED") &&
        /it was cancelled; rolled back/.test(error.message) &&
        isLinuxKitError(error.cause, "CANCELLED"),
    );
    assert.deepEqual(driver.images, ["old", "old", "old"]);
  });

  test("an order that is refused for good is said, and asks to see to the fleet", async () => {
    await assert.rejects(
      run(fleet({ unhealthy: 1, refusals: 100 })),
      (error) =>
        isLinuxKitError(error, "ROLLOUT_FAILED") &&
        !error.detail.returned &&
        /machine 1 is unhealthy; the rollback failed: not now: check the fleet/.test(error.message),
    );
  });
});
