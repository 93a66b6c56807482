import type { ClusterNode, MemberPlace } from "../../cluster/plugin/member.ts";
import { LinuxKitError } from "../../core/errors.ts";
import { type Ask, type EngineAddress, engineAt } from "./engine.ts";
import { type NodeEngine, nodeEngine } from "./node.ts";

/** The port of an engine, as the records of machines name it. */
const PORT = "2376/tcp";

/** Reaches the engines of a swarm for one call. */
export interface Engines {
  /** The engine of the member itself. @throws NOT_FOUND where its machine does not run */
  own(): Promise<NodeEngine>;
  /**
   * The engine of another manager that works, and why others do not answer. One that is reached first is taken, by name.
   */
  manager(): Promise<{ readonly engine?: NodeEngine; readonly silent: readonly string[] }>;
  /** All machines of the swarm that this host knows. */
  machines(): Promise<readonly ClusterNode[]>;
}

/** How engines are reached. A test has others. */
export type Connect = (address: EngineAddress) => Ask;

export function enginesOf(place: MemberPlace, signal: AbortSignal, connect: Connect = engineAt): Engines {
  const open = ({ name, ports }: ClusterNode): NodeEngine | undefined => {
    const at = ports[PORT];
    return at === undefined ? undefined : nodeEngine(name, connect({ name, at, keys: place.inputs.keys }), signal);
  };
  return {
    machines: place.nodes,
    async own() {
      const self = (await place.nodes()).find(({ name }) => name === place.name);
      const engine = self?.running ? open(self) : undefined;
      if (engine) return engine;
      const what = self ? `its machine publishes no port ${PORT}, or does not run` : "no machine of this host has its name";
      throw new LinuxKitError("NOT_FOUND", `node "${place.name}": its engine cannot be asked: ${what}`, { what: place.name });
    },
    async manager() {
      const silent: string[] = [];
      for (const node of await place.nodes()) {
        if (node.name === place.name || node.role !== "manager") continue;
        const engine = node.running ? open(node) : undefined;
        const why = engine ? await notManaging(engine, signal) : "does not run";
        if (engine && why === undefined) return { engine, silent };
        silent.push(`${node.name} ${why}`);
      }
      return { silent };
    },
  };
}

/** Why an engine cannot be asked for the swarm; undefined if it can. */
async function notManaging(engine: NodeEngine, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { ControlAvailable, LocalNodeState, Error: error } = await engine.own();
    if (!ControlAvailable) return `is ${LocalNodeState === "active" ? "no manager" : LocalNodeState}${error ? `: ${error}` : ""}`;
    // without a leader a manager answers nothing about the swarm
    const { status, message } = await engine.tryAsk({ method: "GET", path: "/nodes" });
    return status < 400 ? undefined : message.trim();
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof Error ? error.message : String(error);
  }
}
