import { availableParallelism } from "node:os";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import type { OnProgress } from "../../../sdk/core/progress.ts";
import type { RolloutDriver, RolloutReport } from "../../../sdk/rollout/rollout.ts";
import { type FleetInputs, machineInputs } from "./fleet-inputs.ts";
import { findMembers, type FleetIdentity, isOfGeneration, type Member, newGeneration, runs } from "./fleet-members.ts";
import { type MachineFolder, newId, removeMachineFolder } from "./machine-folder.ts";
import type { HostFolders } from "./host-folders.ts";
import { discard, startMachine } from "./start.ts";
import { stopMachine } from "./stop.ts";
import { bootedFrom, type VmInputs } from "./vm-inputs.ts";

/** A fleet to roll to the wanted inputs. */
export interface FleetWork {
  readonly urn: string;
  readonly fleet: FleetIdentity;
  readonly wanted: FleetInputs;
  /** The inputs before, for a rollback. Undefined for a new fleet. */
  readonly before?: FleetInputs | undefined;
  readonly folders: HostFolders;
  readonly progress: OnProgress;
}

/** One number of the fleet during a rollout. */
interface Slot {
  readonly number: number;
  /** The old machine: running, stopped for its replacement, or found stopped. Its folder keeps its kernel and image until the rollout ends. */
  old: MachineFolder | undefined;
  /** The new machine, once it is healthy. */
  now: MachineFolder | undefined;
}

/**
 * Rolls machines of this host. It reads their state from their folders, so it continues where an interrupted rollout ended:
 * a machine that matches the inputs stays, no matter which run started it.
 */
export function fleetRolloutDriver(work: FleetWork): RolloutDriver {
  const { urn, fleet, wanted, before, folders, progress } = work;
  const name = wanted.fleet;
  const abort = new AbortController();
  let slots: Slot[] = [];
  let phase: RolloutReport["phase"] = "rolling";
  let reason: string | undefined;
  let console: readonly string[] = [];
  let moving: Promise<void> = Promise.resolve();

  const begin = async (number: number, inputs: VmInputs, generation: string, signal?: AbortSignal): Promise<MachineFolder> => {
    const machine = `${name}-${number}`;
    const limit = new AbortController();
    // a rollback gives the old image at least its own health timeout
    const seconds = Math.max(wanted.healthTimeout, signal ? 0 : (before?.healthTimeout ?? 0));
    const timer = setTimeout(
      () => limit.abort(new LinuxKitError("TIMEOUT", `${machine} was not healthy within ${seconds} s`, { seconds, waitingFor: machine })),
      seconds * 1000,
    );
    try {
      const started = await startMachine(
        {
          id: newId(machine),
          owner: fleet.id,
          urn,
          name: machine,
          inputs,
          member: { slot: number, generation },
          signal: AbortSignal.any([limit.signal, ...(signal ? [signal] : [])]),
          progress: ({ lasting: _, ...line }) => progress({ ...line, message: `${machine}: ${line.message}` }),
        },
        folders,
      );
      return started.folder;
    } finally {
      clearTimeout(timer);
    }
  };

  const end = async (folder: MachineFolder, number: number): Promise<void> => {
    progress({ stage: "shutdown", message: `${name}-${number}: waiting for the guest to shut down` });
    await stopMachine(folder, {}, abort.signal);
  };

  const replace = async (slot: Slot): Promise<void> => {
    abort.signal.throwIfAborted();
    if (await runs(slot.old)) await end(slot.old as MachineFolder, slot.number);
    abort.signal.throwIfAborted();
    slot.now = await begin(
      slot.number,
      machineInputs(wanted, slot.number, slot.old?.record?.publish),
      newGeneration(wanted, slot.number),
      abort.signal,
    );
  };

  const forward = async (surplus: readonly MachineFolder[]): Promise<void> => {
    const stale = slots.filter(({ now }) => now === undefined);
    const running = await Promise.all(stale.map(({ old }) => runs(old)));
    // machines that do not run can be replaced all at once
    await inBatches(
      stale.filter((_, index) => !running[index]),
      availableParallelism(),
      replace,
      standing,
    );
    await inBatches(
      stale.filter((_, index) => running[index]),
      wanted.maxUnavailable,
      replace,
      standing,
    );
    // from here on, no rollback is possible
    for (const folder of surplus) await stopMachine(folder);
    const kept = new Set(slots.map(({ now }) => now?.id));
    for (const { folder } of await findMembers(folders.stateDir, fleet))
      if (!kept.has(folder.id)) await discard(folder.id, folders.stateDir);
  };

  // before another machine is stopped, the new ones must still run
  const standing = async (): Promise<void> => {
    for (const { now, number } of slots) {
      if (now && !(await runs(now)))
        throw new LinuxKitError("BOOT_FAILED", `machine "${name}-${number}" stopped after it was healthy`, {
          stage: "healthy",
          console: [],
        });
    }
  };

  const back = async (): Promise<void> => {
    // first the machines that do not run; only then stop machines with the new image
    const running = await Promise.all(slots.map(({ now }) => runs(now)));
    await inBatches(
      slots.filter((_, index) => !running[index]),
      availableParallelism(),
      restore,
    );
    await inBatches(
      slots.filter((_, index) => running[index]),
      wanted.maxUnavailable,
      restore,
    );
  };

  const restore = async (slot: Slot): Promise<void> => {
    if (slot.now) {
      await stopMachine(slot.now);
      await removeMachineFolder(folders.stateDir, slot.now.id);
      slot.now = undefined;
    }
    if (!slot.old || (await runs(slot.old))) return;
    const { id, path, record } = slot.old;
    progress({ stage: "roll", message: `${name}-${slot.number}: starting the old image` });
    // user data and secrets are in the stack's state, not in the folder
    const inputs = before ? machineInputs(before, slot.number, record?.publish) : (record?.inputs as VmInputs);
    slot.old = await begin(slot.number, bootedFrom(path, inputs), before ? newGeneration(before, slot.number) : "");
    await discard(id, folders.stateDir);
  };

  return {
    console: () => console,
    async start(signal) {
      const members = await findMembers(folders.stateDir, fleet);
      for (const { folder } of members) if (folder.record.phase === "starting") await discard(folder.id, folders.stateDir);
      const settled = members.filter(({ folder }) => folder.record.phase === "running");
      slots = await Promise.all(
        Array.from({ length: wanted.count }, (_, number) =>
          slotOf(
            number,
            settled.filter(({ slot }) => slot === number),
            wanted,
          ),
        ),
      );
      const surplus = settled.filter(({ slot }) => slot >= wanted.count).map(({ folder }) => folder);
      if (surplus.length === 0 && slots.every(({ old, now }) => now && !old)) return undefined;
      signal.throwIfAborted();
      moving = forward(surplus).then(
        () => {
          phase = "done";
        },
        (error: Error) => {
          if (phase !== "rolling") return;
          phase = "failed";
          [reason, ...console] = error.message.split("\n") as [string, ...string[]];
        },
      );
      return "roll";
    },
    async describe() {
      const alive = await Promise.all(slots.map(({ now, old }) => runs(now ?? old)));
      return {
        phase,
        updated: slots.filter(({ now }) => now).length,
        total: slots.length,
        healthy: alive.filter(Boolean).length,
        ...(reason !== undefined && { reason }),
      };
    },
    async rollBack() {
      if (phase === "done") return;
      phase = "returning";
      abort.abort(new LinuxKitError("CANCELLED", "the rollout is rolled back", { what: "the rollout" }));
      moving = moving.then(async () => {
        // the last machine may have become healthy in the meantime, and the old ones be deleted
        if (phase !== "returning") return;
        await back().then(
          () => {
            phase = "returned";
          },
          (error: Error) => {
            phase = "stuck";
            [reason, ...console] = error.message.split("\n") as [string, ...string[]];
          },
        );
      });
    },
  };
}

/** The machines of one number: the new one, and the old one. */
async function slotOf(number: number, members: readonly Member[], wanted: FleetInputs): Promise<Slot> {
  const found: Slot = { number, old: undefined, now: undefined };
  for (const member of members) {
    const alive = await runs(member.folder);
    if (alive && isOfGeneration(member, wanted)) found.now = member.folder;
    else if (alive || !found.old) found.old = member.folder;
  }
  return found;
}

/** Acts on each item, at most `width` at a time. After a failure it finishes the current batch, then throws. */
async function inBatches<T>(
  items: readonly T[],
  width: number,
  act: (item: T) => Promise<void>,
  between: () => Promise<void> = async () => {},
): Promise<void> {
  for (let index = 0; index < items.length; index += width) {
    if (index > 0) await between();
    const outcomes = await Promise.allSettled(items.slice(index, index + width).map(act));
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }
}
