import { setTimeout as sleep } from "node:timers/promises";
import type { MemberWork } from "../../cluster/plugin/member.ts";
import type { Json } from "../../core/json.ts";
import type { NodeEngine, SwarmService } from "./node.ts";

/** The most seconds that one service may take to move. Then the node is drained all the same. */
const PATIENCE = 120;

/**
 * Moves the services that run on one node alone, while that node takes no new tasks. A drain stops all tasks of a node at once and
 * starts others only then, so such a service would answer nobody for a while. A forced update replaces its tasks in the service's own
 * way: one after the other, or the new one first, as its `UpdateConfig` says. No request is lost on the way: an engine
 * takes a task out of the balancing 2 s before it ends it (moby, pull request 31142).
 *
 * Source: Docker Engine API 1.41, POST /services/ID/update, TaskSpec.ForceUpdate, UpdateConfig; docs.docker.com, "Drain a node on the swarm".
 */
export async function moveAlone(manager: NodeEngine, id: string, work: MemberWork): Promise<void> {
  const running = (await manager.tasks({ "desired-state": ["running"] })).filter(({ Status }) => Status.State === "running");
  for (const service of await manager.services()) {
    // a global service has a task on every node
    if (service.Spec.Mode?.Replicated === undefined) continue;
    const places = running.filter(({ ServiceID }) => ServiceID === service.ID).map(({ NodeID }) => NodeID);
    if (places.length === 0 || places.some((place) => place !== id)) continue;
    work.progress({ stage: "swarm", message: `service "${service.Spec.Name}" moves to other nodes` });
    await manager.insist(async () => {
      const { Version, Spec } = await manager.service(service.ID);
      const TaskTemplate = { ...Spec.TaskTemplate, ForceUpdate: (Spec.TaskTemplate.ForceUpdate ?? 0) + 1 };
      return { method: "POST", path: `/services/${service.ID}/update?version=${Version.Index}`, body: { ...Spec, TaskTemplate } as Json };
    });
    await settled(manager, service, work);
  }
}

/** Waits for the end of an update. One that fails, or fits nowhere else, is left to the drain. */
async function settled(manager: NodeEngine, { ID }: SwarmService, { signal, seconds }: MemberWork): Promise<void> {
  for (const end = performance.now() + Math.min(PATIENCE, seconds / 4) * 1000; performance.now() < end; ) {
    await sleep(500, undefined, { signal }).catch(() => signal.throwIfAborted());
    // an update that begins has none of its own yet (swarmkit, manager/controlapi/service.go, UpdateService)
    const { UpdateStatus } = await manager.service(ID);
    if (UpdateStatus?.State !== undefined && UpdateStatus.State !== "updating") return;
  }
}
