import { setTimeout as sleep } from "node:timers/promises";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import type { RolloutDriver, RolloutPhase } from "../../../sdk/rollout/rollout.ts";
import type { Order } from "./access/resource-manager.ts";
import { type Model, isModel, type ScaleSet, type Upgrade } from "./scale-set.ts";

/** Seconds that one look may take, and one operation. */
const LOOK_SECONDS = 120;
const OPERATION_SECONDS = 900;

/** Milliseconds between two looks at an earlier upgrade. */
const WAIT_MS = 2000;

/** Looks at a completed upgrade after which machines that it has not replaced count as left behind: the list may be older. */
const LOOKS_BEHIND = 24;

/** The id of a rollout without an upgrade: the start of a fleet's first machines. */
const LAUNCH = "launch";

/**
 * The driver of a scale set: it rolls by rolling upgrades. Azure itself rolls back only the batch that failed and keeps the
 * new model, so this driver rolls back by another upgrade, to the old model.
 *
 * Source: Microsoft Learn, "Rolling upgrades on Virtual Machine Scale Sets".
 *
 * @param remembered the model of the last rollout, needed when an interrupted rollout has set the new model already
 */
export function rollingUpgradeDriver(set: ScaleSet, target: Model, remembered?: Model, waitMs: number = WAIT_MS): RolloutDriver {
  let former = remembered;
  let wanted = target;
  let order: Order | undefined;
  /** The upgrade that had ended before this rollout started one. */
  let earlier: Upgrade | undefined;
  let launchFailed: string | undefined;
  /** Looks at which an upgrade was complete and machines had another model. */
  let behind = 0;

  const describe = async (signal: AbortSignal): Promise<Model & { readonly count: number }> => {
    const found = await set.describe(signal);
    if (found) return found;
    throw new LinuxKitError("NOT_FOUND", `azure: scale set ${set.name} not found`, { what: set.name });
  };
  /** The wanted number of machines, the healthy ones of the wanted model, and those of another model. */
  const count = async (
    signal: AbortSignal,
  ): Promise<{
    readonly total: number;
    readonly ready: number;
    readonly silent: number;
    readonly others: number;
    readonly model: Model;
  }> => {
    const [model, instances] = await Promise.all([describe(signal), set.instances(signal)]);
    // the image alone is not enough: machines may differ in their user data
    const right = instances.filter(
      ({ image, latest }) => image.toLowerCase() === wanted.image.toLowerCase() && (latest || !isModel(model, wanted)),
    );
    return {
      total: model.count,
      ready: Math.min(right.filter(({ healthy }) => healthy).length, model.count),
      silent: right.filter(({ healthy }) => healthy === undefined).length,
      others: instances.length - right.length,
      model,
    };
  };
  /** Has its own time limit: on Cancel, the gate must still learn whether the upgrade began. */
  const begin = async (model: Model): Promise<Upgrade | undefined> => {
    const signal = AbortSignal.timeout(LOOK_SECONDS * 1000);
    earlier = await set.upgrade(signal);
    order = await set.change(model, signal);
    return set.upgrade(signal).catch(() => undefined);
  };

  return {
    async start(signal) {
      for (let running = await set.upgrade(signal); running?.code === "RollingForward"; running = await set.upgrade(signal)) {
        // an interrupted update has started it
        if (isModel(await describe(signal), target)) return running.startTime;
        await sleep(waitMs, undefined, { signal });
      }
      const { total, ready, others, model } = await count(signal);
      if (isModel(model, target)) {
        // a new fleet always reports its machines, even when they are ready already
        if (others === 0) return ready === total && remembered ? undefined : LAUNCH;
      } else former = model;
      signal.throwIfAborted();
      return (await begin(target))?.startTime ?? "upgrade";
    },
    async describe(id) {
      const signal = AbortSignal.timeout(LOOK_SECONDS * 1000);
      const [upgrade, { total, ready, silent, others }, ordered] = await Promise.all([
        set.upgrade(signal),
        count(signal),
        order?.look(signal),
      ]);
      const seen = { updated: ready, total };
      if (id === LAUNCH)
        return launchFailed === undefined
          ? { ...seen, phase: ready === total ? "done" : "rolling" }
          : { ...seen, phase: "stuck", reason: "the fleet had no earlier image" };
      const returning = wanted !== target;
      const phase = (forward: RolloutPhase, back: RolloutPhase): RolloutPhase => (returning ? back : forward);
      if (upgrade?.code === "RollingForward") return { ...seen, phase: phase("rolling", "returning") };
      if (others === 0 && ready === total) return { ...seen, phase: phase("done", "returned") };
      const own = upgrade && upgrade.startTime !== earlier?.startTime ? upgrade : undefined;
      // an upgrade in which no machine may be unhealthy completes only where Azure found all of them healthy; a way back may need none
      const ended = own?.code === "Completed" || (returning && own === undefined && ordered?.over === true && !ordered.failure);
      if (ended && others === 0 && ready + silent === total) return { updated: total, total, phase: phase("done", "returned") };
      behind = own?.code === "Completed" && others > 0 ? behind + 1 : 0;
      if (behind > LOOKS_BEHIND)
        return {
          ...seen,
          phase: phase("failed", "stuck"),
          reason: `Azure ended the upgrade without ${others} of ${total} machines`,
        };
      const failed = own?.code === "Completed" ? undefined : own;
      const reason = failed ? reasonOf(failed) : ordered?.failure;
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
      const signal = AbortSignal.timeout(OPERATION_SECONDS * 1000);
      if ((await set.upgrade(signal))?.code === "RollingForward") await set.cancelUpgrade(signal);
      if (!former)
        throw new LinuxKitError("UNSUPPORTED", `azure scale set ${set.name}: cannot roll back, because its earlier image is unknown`, {
          what: "rollback",
        });
      // the operation that started the upgrade ends with it; a scale set runs one operation at a time
      while (order && !(await order.look(signal)).over) await sleep(waitMs, undefined, { signal });
      behind = 0;
      await begin(former);
      wanted = former;
    },
    async drift(signal) {
      const model = await set.describe(signal);
      if (!model) return undefined;
      const instances = await set.instances(signal);
      const isWanted = (image: string) => image.toLowerCase() === target.image.toLowerCase();
      const isRight = isModel(model, target);
      const own = isWanted(model.image) ? "other user data" : `${imageOf(model.image)} instead of ${imageOf(target.image)}`;
      return [
        ...(isRight ? [] : [`scale set ${set.name} starts machines with ${own}`]),
        ...instances
          .filter(({ image }) => !isWanted(image))
          .map(({ name, image }) => `${name} runs ${imageOf(image)} instead of ${imageOf(target.image)}`),
        // a machine of the right image may still have the user data of before
        ...instances
          .filter(({ image, latest }) => isWanted(image) && !latest && isRight)
          .map(({ name }) => `${name} runs with earlier settings of the scale set`),
      ];
    },
  };
}

/** The name of an image's definition and its version, from an id as `…/images/web/versions/1.0.0`. */
function imageOf(id: string): string {
  const [, image, version] = /\/images\/([^/]+)(?:\/versions\/([^/]+))?$/i.exec(id) ?? [];
  return image === undefined ? "an image that is gone" : ["image", image, version].filter(Boolean).join(" ");
}

function reasonOf({ code, reason }: Upgrade): string {
  const said = reason ? `${reason[0]?.toLowerCase()}${reason.slice(1).replace(/\.\s*$/, "")}` : "no reason given";
  return code === "Cancelled" ? `the upgrade was cancelled: ${said}` : said;
}
