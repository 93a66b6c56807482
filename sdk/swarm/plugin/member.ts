import type { ClusterMember, Kept, MemberPlace, MemberWork, OpenMember } from "../../cluster/plugin/member.ts";
import { LinuxKitError } from "../../core/errors.ts";
import { activate, drain } from "./drain.ts";
import { found, join } from "./join.ts";
import { leaveSwarm } from "./leave.ts";
import { type Connect, type Engines, enginesOf } from "./managers.ts";
import { noManager } from "./no-manager.ts";
import type { NodeEngine, SwarmNode } from "./node.ts";
import { until } from "./pause.ts";
import { keepQuorum, quorumOf } from "./quorum.ts";
import { settingsOf } from "./settings.ts";
import { keepLock, unlock } from "./unlock.ts";

/** A member of a Docker Swarm. */
export function swarmMember(connect?: Connect): OpenMember {
  return (place): ClusterMember => ({
    prepare: (work) => prepare(place, enginesOf(place, work.signal, connect), work),
    rejoin: (work) => rejoin(place, enginesOf(place, work.signal, connect), work),
    leave: (work) => leaveSwarm(place, enginesOf(place, work.signal, connect), work),
  });
}

async function prepare(place: MemberPlace, engines: Engines, work: MemberWork): Promise<void> {
  const own = await engines.own();
  const { NodeID: id, LocalNodeState, ControlAvailable } = await own.own();
  if (LocalNodeState === "inactive") return;
  // itself, where it is the only manager
  const { engine: other, silent } = await engines.manager();
  const manager = other ?? (ControlAvailable ? own : undefined);
  if (!manager) throw noManager(place, silent);
  await keepQuorum(manager, id, "stop", work);
  try {
    await drain(manager, { id, name: place.name }, work);
  } catch (error) {
    // the call may be over, and its signal with it
    await activate(manager.afterwards(), id).catch(() => {});
    throw error;
  }
}

async function rejoin(place: MemberPlace, engines: Engines, work: MemberWork): Promise<Kept> {
  const settings = settingsOf(place.inputs.settings);
  const own = await engines.own();
  await until({ what: `node "${place.name}"`, lacks: "has no engine" }, work, async () => void (await own.own()));
  if ((await own.own()).LocalNodeState === "locked") await unlock(own, place, engines, work);
  await takeIn(place, own, engines, work);
  if (await isAlone(place, engines)) {
    work.progress({ stage: "swarm", message: `${place.name} waits for the other managers to start`, lasting: true });
    return place.kept;
  }
  const { NodeID: id } = await own.own();
  let manager = own;
  await until({ what: `node "${place.name}"`, lacks: "is not ready in the swarm" }, work, async () => {
    const { ControlAvailable, Error: error } = await own.own();
    const { engine, silent } = ControlAvailable ? { engine: own, silent: [] } : await engines.manager();
    if (!engine) return `no manager answers: ${silent.join("; ")}${error && `; ${error}`}`;
    manager = engine;
    return ready((await manager.nodes()).find(({ ID }) => ID === id));
  });
  manager = await settleRole(place, manager, id, engines, work);
  await activate(manager, id);
  await forgetFormer(place, manager, id);
  return place.inputs.role === "manager" ? keepLock(manager, settings.autolock) : {};
}

/** Founds the swarm, or joins it, where the node is in none yet or in one that no longer knows it. */
async function takeIn(place: MemberPlace, own: NodeEngine, engines: Engines, work: MemberWork): Promise<void> {
  const { NodeID: id, LocalNodeState, ControlAvailable } = await own.own();
  const { engine: manager, silent } = await engines.manager();
  if (LocalNodeState !== "inactive") {
    // a worker that was taken out while it did not run, or whose swarm is no more
    const isForgotten = manager !== undefined && !ControlAvailable && !(await manager.nodes()).some(({ ID }) => ID === id);
    if (!isForgotten) return;
    await own.ask({ method: "POST", path: "/swarm/leave?force=true" });
  }
  const machines = await engines.machines();
  const managers = machines.filter(({ name, role }) => role === "manager" && name !== place.name);
  if (!manager && place.inputs.role === "manager" && managers.length === 0) return found(own, place, settingsOf(place.inputs.settings));
  if (!manager) throw noManager(place, silent);
  try {
    await join(own, manager, place, engines, work);
  } catch (error) {
    // what has begun to join would go on by itself
    await own
      .afterwards()
      .tryAsk({ method: "POST", path: "/swarm/leave?force=true" })
      .catch(() => {});
    throw error;
  }
}

/** Whether too few managers run for the swarm to work: after a start of the whole host each waits for the others. */
async function isAlone(place: MemberPlace, engines: Engines): Promise<boolean> {
  const managers = (await engines.machines()).filter(({ role }) => role === "manager");
  return managers.filter(({ running }) => running).length < quorumOf(managers.length) && place.inputs.role === "manager";
}

/** What keeps a node from being ready. */
function ready(node: SwarmNode | undefined): string | undefined {
  if (!node) return "no manager knows it";
  if (node.Status.State !== "ready") return `it is ${node.Status.State}${node.Status.Message ? `: ${node.Status.Message}` : ""}`;
  return node.ManagerStatus && node.ManagerStatus.Reachability !== "reachable" ? "the other managers do not reach it" : undefined;
}

/** Makes a worker a manager, or a manager a worker. @returns a manager that remains one */
async function settleRole(place: MemberPlace, manager: NodeEngine, id: string, engines: Engines, work: MemberWork): Promise<NodeEngine> {
  const wanted = place.inputs.role as "manager" | "worker";
  const is = (await manager.nodes()).find(({ ID }) => ID === id)?.Spec.Role;
  if (is === wanted) return manager;
  const { engine, silent } = wanted === "worker" ? await engines.manager() : { engine: manager, silent: [] };
  if (!engine) throw noManager(place, silent);
  if (is === "manager") await keepQuorum(engine, id, "take out", work);
  await engine.change(id, (spec) => ({ ...spec, Role: wanted }));
  await until({ what: `node "${place.name}"`, lacks: `is no ${wanted} yet` }, work, async () => {
    const node = (await engine.nodes()).find(({ ID }) => ID === id);
    const isManager = node?.ManagerStatus?.Reachability === "reachable";
    return isManager === (wanted === "manager") ? undefined : "the managers have not agreed";
  });
  return engine;
}

/**
 * Takes out what a machine with the same name and another disk has left, and nodes that were given a certificate and have never come: an
 * engine that waits too long for its certificate asks for another (swarmkit, ca/certificates.go, RequestAndSaveNewCertificates).
 */
async function forgetFormer(place: MemberPlace, manager: NodeEngine, id: string): Promise<void> {
  for (const node of await manager.nodes()) {
    const host = node.Description?.Hostname;
    const isFormer = host === place.name && node.Status.State === "down";
    const hasNeverCome = !host && node.Status.State !== "ready";
    if (node.ID === id || !(isFormer || hasNeverCome)) continue;
    if (node.Spec.Role === "manager") await manager.change(node.ID, (spec) => ({ ...spec, Role: "worker" }));
    const { status, message } = await manager.tryAsk({ method: "DELETE", path: `/nodes/${node.ID}?force=true` });
    if (status >= 400 && status !== 404)
      throw new LinuxKitError("UNSUPPORTED", `node "${place.name}": its former self stays: ${message}`, { what: place.name });
  }
}
