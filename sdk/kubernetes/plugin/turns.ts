import { setTimeout as sleep } from "node:timers/promises";
import type { MemberPlace, MemberWork } from "../../cluster/plugin/member.ts";
import { LinuxKitError } from "../../core/errors.ts";
import { API_PORT } from "../addresses.ts";
import { call } from "./client.ts";

/** The machine of each control plane that is being replaced, by the cluster's authority. */
const replaced = new Map<string, string>();

const PAUSE_MS = 1000;

/**
 * Waits until no other machine of the control plane is being replaced, and until all others work: so etcd keeps its quorum. A cluster
 * with one machine has no quorum to keep. The turn ends with {@link endTurn}; one that failed is kept, so that no further machine stops.
 *
 * Machines of a control plane are made at once, because no member of a new etcd works alone, so nothing else brings them in an order.
 *
 * @throws UNSUPPORTED where another machine does not answer
 */
export async function takeTurn(place: MemberPlace, work: MemberWork): Promise<void> {
  const { ca } = place.inputs.keys;
  for (let other = replaced.get(ca); other !== undefined && other !== place.name; other = replaced.get(ca)) {
    work.progress({ stage: "quorum", message: `${place.name} waits for ${other}` });
    await sleep(PAUSE_MS, undefined, { signal: work.signal });
  }
  replaced.set(ca, place.name);
  try {
    await othersWork(place, work);
  } catch (error) {
    endTurn(place);
    throw error;
  }
}

/** Lets another machine of the control plane be replaced. */
export function endTurn({ name, inputs: { keys } }: MemberPlace): void {
  if (replaced.get(keys.ca) === name) replaced.delete(keys.ca);
}

/** The most seconds in which the others must work: the same update may have to start one of them. */
const PATIENCE = 600;

async function othersWork(place: MemberPlace, { signal, seconds, progress }: MemberWork): Promise<void> {
  for (const until = performance.now() + Math.min(PATIENCE, seconds / 3) * 1000; ; await sleep(PAUSE_MS, undefined, { signal })) {
    const silent = await silentOthers(place, signal);
    if (silent.length === 0) return;
    progress({ stage: "quorum", message: `${place.name} waits: ${silent.join("; ")}` });
    if (performance.now() < until) continue;
    throw new LinuxKitError(
      "UNSUPPORTED",
      `node "${place.name}": etcd would lose its quorum: ${silent.join("; ")}: bring it back first, with pulumi up --refresh`,
      { what: "a control plane without quorum" },
    );
  }
}

/** The other machines of the control plane that do not work, with the reasons. An API server is ready when its etcd is. */
async function silentOthers(place: MemberPlace, signal: AbortSignal): Promise<string[]> {
  const others = (await place.nodes()).filter(({ name, role }) => role === "control-plane" && name !== place.name);
  const reasons = await Promise.all(
    others.map(async ({ name, running, ports }) => {
      const at = ports[`${API_PORT}/tcp`];
      if (!running || at === undefined) return `${name} does not run`;
      const answer = call({ at, keys: place.inputs.keys }, { path: "/readyz", tries: 1, signal });
      return answer.then(
        () => undefined,
        (error: Error) => {
          signal.throwIfAborted();
          return `${name}: ${error.message}`;
        },
      );
    }),
  );
  return reasons.filter((reason) => reason !== undefined);
}
