import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { listMachineFolders, type MachineRecord } from "../../providers/qemu/plugin/machine-folder.ts";

/** When a machine has started and was ready, in seconds of this host's uptime. */
export interface Start {
  readonly began: number;
  readonly ready: number;
}

const LOOK_MS = 100;
/** Clock ticks of a second in /proc: USER_HZ of all of Linux' architectures that have QEMU here (proc(5), stat, field 22). */
const TICKS = 100;

/** When the process of a machine has started, in seconds since this host's boot; undefined while it has none. */
export function startOf({ machine }: Pick<MachineRecord, "machine">): number | undefined {
  const ticks = Number(machine?.started.split(":")[1] ?? Number.NaN);
  return Number.isFinite(ticks) ? ticks / TICKS : undefined;
}

/** Seconds since this host's boot. */
export async function uptime(): Promise<number> {
  return Number((await readFile("/proc/uptime", "latin1")).split(" ")[0]);
}

/**
 * Notes for each machine when its process starts, and when the provider counts it as started: it is healthy, and a member of its
 * cluster is ready there.
 */
export async function watchStarts(stateDir: string, work: () => Promise<unknown>): Promise<ReadonlyMap<string, Start>> {
  const ready = new Map<string, Start>();
  let ended = false;
  const look = async (): Promise<void> => {
    for (const { id, record } of await listMachineFolders(stateDir)) {
      const began = record && startOf(record);
      if (ready.has(id) || record?.phase !== "running" || began === undefined) continue;
      ready.set(id, { began, ready: await uptime() });
    }
  };
  const looking = (async () => {
    // a folder that is made or removed meanwhile is seen the next time
    for (; !ended; await sleep(LOOK_MS)) await look().catch(() => {});
  })();
  try {
    await work();
  } finally {
    ended = true;
    await looking;
  }
  await look();
  return ready;
}
