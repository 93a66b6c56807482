import type { MemberPlace, MemberWork } from "../../cluster/plugin/member.ts";
import { isLinuxKitError, LinuxKitError } from "../../core/errors.ts";
import { drain } from "./drain.ts";
import type { Engines } from "./managers.ts";
import { noManager } from "./no-manager.ts";
import { type NodeEngine, refusal, type SwarmNode } from "./node.ts";
import { until } from "./pause.ts";
import { keepQuorum } from "./quorum.ts";

/** Takes a node out of the swarm: drains and demotes it, lets it leave, and removes it. The last machine of a swarm ends with it. */
export async function leaveSwarm(place: MemberPlace, engines: Engines, work: MemberWork): Promise<void> {
  const others = (await engines.machines()).filter(({ name }) => name !== place.name);
  if (others.length === 0) return;
  if (place.inputs.role === "manager" && !others.some(({ role }) => role === "manager")) throw lastManager(place, others.length);
  const { engine: manager, silent } = await engines.manager();
  if (!manager) throw noManager(place, silent);
  const own = await engines.own().catch(notRunning);
  const id = own && (await own.own().catch(notRunning))?.NodeID;
  const nodes = await manager.nodes();
  for (const node of nodes.filter(({ ID, Description }) => (id ? ID === id : Description?.Hostname === place.name)))
    await takeOut({ place, manager, own, node }, work);
}

interface Leaving {
  readonly place: MemberPlace;
  readonly manager: NodeEngine;
  readonly own: NodeEngine | undefined;
  readonly node: SwarmNode;
}

async function takeOut({ place, manager, own, node }: Leaving, work: MemberWork): Promise<void> {
  const id = node.ID;
  await keepQuorum(manager, id, "take out", work);
  if (own && node.Status.State === "ready") await drain(manager, { id, name: place.name }, work);
  if (node.Spec.Role === "manager") {
    await manager.change(id, (spec) => ({ ...spec, Role: "worker" }));
    await until({ what: `node "${place.name}"`, lacks: "is still a manager" }, work, async () =>
      (await manager.nodes()).find(({ ID }) => ID === id)?.ManagerStatus === undefined ? undefined : "the managers have not agreed",
    );
  }
  // one that is no more reached is removed all the same
  await own?.tryAsk({ method: "POST", path: "/swarm/leave?force=true" }).catch(notRunning);
  const path = `/nodes/${id}?force=true`;
  const { status, message } = await manager.tryAsk({ method: "DELETE", path });
  if (status >= 400 && status !== 404) throw refusal(manager.name, { method: "DELETE", path }, message);
}

function notRunning(error: unknown): undefined {
  if (!["NOT_FOUND", "NETWORK", "TIMEOUT"].some((code) => isLinuxKitError(error, code as "NETWORK"))) throw error;
}

function lastManager({ name }: MemberPlace, others: number): LinuxKitError {
  return new LinuxKitError(
    "UNSUPPORTED",
    `node "${name}": it is the only manager of ${others} more nodes, which could never be reached again: delete these first, or the whole cluster`,
    { what: "deleting the last manager" },
  );
}
