import type { MemberWork } from "../../cluster/plugin/member.ts";
import { moveAlone } from "./move-alone.ts";
import type { NodeEngine, NodeSpec } from "./node.ts";
import { until } from "./pause.ts";

/** Marks a node that the provider drained, with what it was before: one that a person drained stays so. */
const DRAINED = "org.pulumi-linuxkit.drained";

/** States of a task that has ended (docs.docker.com, "Swarm task states"). */
const ENDED = ["complete", "failed", "shutdown", "rejected", "orphaned", "remove"];

/** Moves the tasks of a node to others, and waits until they run there. */
export async function drain(
  manager: NodeEngine,
  { id, name }: { readonly id: string; readonly name: string },
  work: MemberWork,
): Promise<void> {
  const nodes = await manager.nodes();
  const others = nodes.filter(({ ID, Spec, Status }) => ID !== id && Spec.Availability === "active" && Status.State === "ready");
  // its tasks have nowhere else to go
  if (others.length === 0) return;
  const was = nodes.find(({ ID }) => ID === id)?.Spec.Availability;
  if (was === "active" || was === "pause") {
    await setAside(manager, id, "pause", was);
    await moveAlone(manager, id, work);
    await setAside(manager, id, "drain", was);
  }
  await until({ what: `node "${name}"`, lacks: "still has tasks" }, work, async () => {
    const left = (await manager.tasks({ node: [id] })).filter(({ Status }) => !ENDED.includes(Status.State));
    return left.length > 0 ? `${left.length}` : undefined;
  });
  await until({ what: `the tasks of node "${name}"`, lacks: "do not run elsewhere yet" }, work, async () => {
    // one without a node fits nowhere
    const tasks = (await manager.tasks({ "desired-state": ["running"] })).filter(({ NodeID }) => NodeID);
    const late = tasks.filter(({ Status }) => Status.State !== "running" && !ENDED.includes(Status.State));
    return late.length > 0 ? `${late.length} of ${tasks.length}` : undefined;
  });
}

/** Keeps new tasks from a node, or all of them. */
function setAside(manager: NodeEngine, id: string, Availability: "pause" | "drain", was: "active" | "pause"): Promise<void> {
  // what an update that was cut short has marked keeps its mark
  return manager.change(id, (spec) => ({ ...spec, Availability, Labels: { [DRAINED]: was, ...spec.Labels } }));
}

/** Gives a node back what {@link drain} has taken from it. */
export async function activate(manager: NodeEngine, id: string): Promise<void> {
  const node = (await manager.nodes()).find(({ ID }) => ID === id);
  if (node?.Spec.Labels?.[DRAINED] === undefined) return;
  await manager.change(id, (spec): NodeSpec => {
    const { [DRAINED]: was, ...Labels } = spec.Labels ?? {};
    return { ...spec, Availability: was === "pause" ? "pause" : "active", Labels };
  });
}
