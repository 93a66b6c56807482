import { setTimeout as sleep } from "node:timers/promises";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import type { RolloutDriver, RolloutPhase } from "../../../sdk/rollout/rollout.ts";
import type { Order } from "./access/resource-manager.ts";
import { type Model, isModel, type ScaleSet, type Upgrade } from "./scale-set.ts";

/** Seconds that one look may take, and one order. */
const LOOK_SECONDS = 120;
const ORDER_SECONDS = 900;

/** Between two looks at what is in the way. */
const WAIT_MS = 2000;

/** The id of what is no upgrade: a fleet's first machines, which are waited for. */
const LAUNCH = "launch";

/**
 * How a rollout's gate drives a scale set's rolling upgrades. Azure itself brings back only the machines of the batch
 * that failed, and leaves the model the new one: the way back is an upgrade to the model of before.
 *
 * Source: Microsoft Learn, "Rolling upgrades on Virtual Machine Scale Sets", on what begins one, and begins it again.
 *
 * @param remembered what the fleet's machines were at the last rollout, for one that was cut off after it had set the model
 */
export function rollingUpgradeDriver(set: ScaleSet, target: Model, remembered?: Model, waitMs: number = WAIT_MS): RolloutDriver {
  let former = remembered;
  let wanted = target;
  let order: Order | undefined;
  /** An upgrade that was over before ours was ordered. */
  let earlier: Upgrade | undefined;
  let launchFailed: string | undefined;

  const describe = async (signal: AbortSignal): Promise<Model & { readonly count: number }> => {
    const found = await set.describe(signal);
    if (found) return found;
    throw new LinuxKitError("NOT_FOUND", `azure: there is no scale set ${set.name}`, { what: set.name });
  };
  /** Machines that shall be, those that are as wanted and healthy, and those that are not as wanted. */
  const count = async (
    signal: AbortSignal,
  ): Promise<{ readonly total: number; readonly ready: number; readonly others: number; readonly model: Model }> => {
    const [model, instances] = await Promise.all([describe(signal), set.instances(signal)]);
    // an image alone does not say it: machines may differ in their user data
    const right = instances.filter(
      ({ image, latest }) => image.toLowerCase() === wanted.image.toLowerCase() && (latest || !isModel(model, wanted)),
    );
    return {
      total: model.count,
      ready: Math.min(right.filter(({ healthy }) => healthy).length, model.count),
      others: instances.length - right.length,
      model,
    };
  };
  /** Whoever cancels has to know whether it was begun: it is not cut off. */
  const begin = async (model: Model): Promise<Upgrade | undefined> => {
    const signal = AbortSignal.timeout(LOOK_SECONDS * 1000);
    earlier = await set.upgrade(signal);
    order = await set.change(model, signal);
    return set.upgrade(signal).catch(() => undefined);
  };

  return {
    async start(signal) {
      for (let running = await set.upgrade(signal); running?.code === "RollingForward"; running = await set.upgrade(signal)) {
        // an update that was cut off has begun it
        if (isModel(await describe(signal), target)) return running.startTime;
        await sleep(waitMs, undefined, { signal });
      }
      const { total, ready, others, model } = await count(signal);
      if (isModel(model, target)) {
        // of a new fleet it is said that it runs, also where it does already
        if (others === 0) return ready === total && remembered ? undefined : LAUNCH;
      } else former = model;
      signal.throwIfAborted();
      return (await begin(target))?.startTime ?? "upgrade";
    },
    async describe(id) {
      const signal = AbortSignal.timeout(LOOK_SECONDS * 1000);
      const [upgrade, { total, ready, others }, ordered] = await Promise.all([set.upgrade(signal), count(signal), order?.look(signal)]);
      const seen = { updated: ready, total };
      if (id === LAUNCH)
        return launchFailed === undefined
          ? { ...seen, phase: ready === total ? "done" : "rolling" }
          : { ...seen, phase: "stuck", reason: "there was none before this one" };
      const returning = wanted !== target;
      const phase = (forward: RolloutPhase, back: RolloutPhase): RolloutPhase => (returning ? back : forward);
      if (upgrade?.code === "RollingForward") return { ...seen, phase: phase("rolling", "returning") };
      if (others === 0 && ready === total) return { ...seen, phase: phase("done", "returned") };
      const ours = upgrade && upgrade.startTime !== earlier?.startTime && upgrade.code !== "Completed" ? upgrade : undefined;
      const reason = ours ? reasonOf(ours) : ordered?.failure;
      return {
        ...seen,
        phase: reason === undefined ? phase("rolling", "returning") : phase("failed", "stuck"),
        ...(reason !== undefined && { reason }),
      };
    },
    async rollBack(id, reason) {
      if (id === LAUNCH) {
        launchFailed = reason;
        return;
      }
      const signal = AbortSignal.timeout(ORDER_SECONDS * 1000);
      if ((await set.upgrade(signal))?.code === "RollingForward") await set.cancelUpgrade(signal);
      if (!former)
        throw new LinuxKitError("UNSUPPORTED", `azure scale set ${set.name}: nothing says what its machines were before`, {
          what: "the way back",
        });
      // the order that began the upgrade ends with it; a scale set takes one at a time
      while (order && !(await order.look(signal)).over) await sleep(waitMs, undefined, { signal });
      await begin(former);
      wanted = former;
    },
  };
}

function reasonOf({ code, reason }: Upgrade): string {
  const said = reason ? `${reason[0]?.toLowerCase()}${reason.slice(1).replace(/\.\s*$/, "")}` : "no reason is given";
  return code === "Cancelled" ? `the upgrade was cancelled: ${said}` : said;
}
