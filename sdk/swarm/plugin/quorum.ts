import { setTimeout as sleep } from "node:timers/promises";
import type { MemberWork } from "../../cluster/plugin/member.ts";
import { LinuxKitError } from "../../core/errors.ts";
import type { NodeEngine, SwarmNode } from "./node.ts";

/** How many managers must work for a swarm of so many (docs.docker.com, "Administer and maintain a swarm of Docker Engines"). */
export function quorumOf(managers: number): number {
  return Math.floor(managers / 2) + 1;
}

/** The most seconds in which managers that seem lost may come back: a busy one misses a probe now and then. */
const PATIENCE = 30;

/** Refuses to stop a manager, or to take it out, where too few of the others work, and go on not to for a while. */
export async function keepQuorum(manager: NodeEngine, id: string, intent: "stop" | "take out", work: MemberWork): Promise<void> {
  const until = performance.now() + Math.min(PATIENCE, work.seconds / 10) * 1000;
  for (;;) {
    const problem = quorumProblem(await manager.nodes(), id, intent);
    if (!problem) return;
    if (performance.now() > until) throw problem;
    await sleep(500, undefined, { signal: work.signal });
  }
}

function quorumProblem(nodes: readonly SwarmNode[], id: string, intent: "stop" | "take out"): LinuxKitError | undefined {
  // one without it has been given a certificate and has never come: it has no vote
  const managers = nodes.filter(({ ManagerStatus }) => ManagerStatus !== undefined);
  const self = managers.find(({ ID }) => ID === id);
  // a swarm of one manager has no other that could go on
  if (!self || managers.length === 1) return undefined;
  const others = managers.filter(({ ID }) => ID !== id);
  const lost = others.filter(({ ManagerStatus }) => ManagerStatus?.Reachability !== "reachable");
  const total = intent === "stop" ? managers.length : others.length;
  const left = others.length - lost.length;
  if (left >= quorumOf(total)) return undefined;
  const name = self.Description?.Hostname ?? id;
  const away = lost.map(({ Description, ID }) => Description?.Hostname ?? ID).join(", ");
  const then = intent === "stop" ? `${left} of ${total} managers would work` : `${left} of the ${total} managers that remain would work`;
  return new LinuxKitError(
    "UNSUPPORTED",
    `node "${name}": the swarm would lose its quorum: ${then}, and it needs ${quorumOf(total)}; ${away} cannot be reached: bring it back first, with pulumi up --refresh`,
    { what: "a swarm without quorum" },
  );
}
