import { setTimeout as sleep } from "node:timers/promises";
import { LinuxKitError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import type { Ask, EngineCall } from "./engine.ts";

/** What an engine says of its own place in a swarm (Docker Engine API, GET /info, SwarmInfo). */
export interface OwnPlace {
  readonly NodeID: string;
  readonly LocalNodeState: "inactive" | "pending" | "active" | "error" | "locked";
  readonly ControlAvailable: boolean;
  readonly Error: string;
}

/** A node, as a manager knows it (Docker Engine API, GET /nodes, Node). */
export interface SwarmNode {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: NodeSpec;
  readonly Description?: { readonly Hostname?: string };
  readonly Status: { readonly State: "unknown" | "down" | "ready" | "disconnected"; readonly Message?: string };
  readonly ManagerStatus?: { readonly Leader?: boolean; readonly Reachability?: "unknown" | "unreachable" | "reachable" };
}

/** What is wanted of a node. */
export interface NodeSpec {
  readonly Role: "worker" | "manager";
  readonly Availability: "active" | "pause" | "drain";
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Name?: string;
}

/** A task (Docker Engine API, GET /tasks). */
export interface SwarmTask {
  readonly NodeID?: string;
  readonly ServiceID?: string;
  readonly DesiredState: string;
  readonly Status: { readonly State: string };
}

/** A service (Docker Engine API, GET /services). What is not named here is kept as it is. */
export interface SwarmService {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: {
    readonly Name: string;
    readonly TaskTemplate: { readonly ForceUpdate?: number; readonly [name: string]: Json | undefined };
    readonly Mode?: { readonly Replicated?: { readonly Replicas?: number } };
  };
  /** Of its latest update. */
  readonly UpdateStatus?: { readonly State?: string };
}

/** The swarm, as a manager knows it (Docker Engine API, GET /swarm). */
export interface SwarmState {
  readonly Version: { readonly Index: number };
  readonly Spec: { readonly [name: string]: Json; readonly EncryptionConfig: { readonly AutoLockManagers: boolean } };
  readonly JoinTokens: { readonly Worker: string; readonly Manager: string };
}

/** An engine as a node of a swarm. An answer that is an error is thrown in Docker's words, without what was asked for in the body. */
export interface NodeEngine {
  readonly name: string;
  /** Repeated where the managers could not agree in time. */
  ask(call: Omit<EngineCall, "signal">): Promise<unknown>;
  /** Sent once, where some statuses are no error. */
  tryAsk(call: Omit<EngineCall, "signal">): ReturnType<Ask>;
  own(): Promise<OwnPlace>;
  nodes(): Promise<readonly SwarmNode[]>;
  tasks(filters: Readonly<Record<string, readonly string[]>>): Promise<readonly SwarmTask[]>;
  services(): Promise<readonly SwarmService[]>;
  service(id: string): Promise<SwarmService>;
  swarm(): Promise<SwarmState>;
  /** The same engine for what is put right after the end of a call, within half a minute. */
  afterwards(): NodeEngine;
  /**
   * Sends a change that names the version of what it changes. It is made anew where another change came first, and where the managers
   * could not agree in time, which passes by itself.
   */
  insist(change: () => Promise<Omit<EngineCall, "signal">>): Promise<void>;
  /** Changes what is wanted of a node. */
  change(id: string, to: (spec: NodeSpec) => NodeSpec): Promise<void>;
}

/** How often a change is tried, with a pause of {@link PACE} between two. */
const TRIES = 20;
const PACE = 1000;

/**
 * What Docker says where another change came first, or where the managers elect a leader or are too busy to agree (swarmkit,
 * manager/state/store, ErrSequenceConflict; manager/state/raft, errLostQuorum,
 * ErrNoClusterLeader, ErrLostLeadership, ErrNoRaftMember).
 */
const PASSING =
  /out of sequence|DeadlineExceeded|deadline exceeded|does not have a leader|no elected cluster leader|lost leader status|not yet part of a raft cluster|Unavailable/i;

/** An engine of a node, for one call of the provider. */
export function nodeEngine(name: string, send: Ask, signal: AbortSignal): NodeEngine {
  const tryAsk: NodeEngine["tryAsk"] = (call) => send({ ...call, signal });
  /** Tries until no problem remains, or one that does not pass by itself. */
  const patiently = async (attempt: () => Promise<unknown>): Promise<void> => {
    for (let tries = 1; ; tries++) {
      const problem = await attempt().catch((error: unknown) => error);
      if (problem === undefined) return;
      if (tries >= TRIES || !(problem instanceof Error && PASSING.test(problem.message))) throw problem;
      await sleep(PACE, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  };
  const ask: NodeEngine["ask"] = async (call) => {
    let answer: unknown;
    await patiently(async () => {
      const { status, body, message } = await tryAsk(call);
      answer = body;
      return status < 400 ? undefined : refusal(name, call, message);
    });
    return answer;
  };
  const insist: NodeEngine["insist"] = (change) =>
    patiently(async () => {
      const call = await change();
      const { status, message } = await tryAsk(call);
      return status < 400 ? undefined : refusal(name, call, message);
    });
  return {
    name,
    ask,
    tryAsk,
    own: async () => ((await ask({ method: "GET", path: "/info" })) as { readonly Swarm: OwnPlace }).Swarm,
    nodes: async () => (await ask({ method: "GET", path: "/nodes" })) as readonly SwarmNode[],
    tasks: async (filters) =>
      (await ask({ method: "GET", path: `/tasks?filters=${encodeURIComponent(JSON.stringify(filters))}` })) as readonly SwarmTask[],
    services: async () => (await ask({ method: "GET", path: "/services" })) as readonly SwarmService[],
    service: async (id) => (await ask({ method: "GET", path: `/services/${id}` })) as SwarmService,
    swarm: async () => (await ask({ method: "GET", path: "/swarm" })) as SwarmState,
    afterwards: () => nodeEngine(name, send, AbortSignal.timeout(30_000)),
    insist,
    change: (id, to) =>
      insist(async () => {
        const { Version, Spec } = (await ask({ method: "GET", path: `/nodes/${id}` })) as SwarmNode;
        return { method: "POST", path: `/nodes/${id}/update?version=${Version.Index}`, body: to(Spec) as unknown as Json };
      }),
  };
}

/** Docker's refusal. Its text quotes no token: it says that one is not valid, or what the authority's digest should be. */
export function refusal(name: string, { method, path }: Pick<EngineCall, "method" | "path">, message: string): LinuxKitError {
  const what = `${method} ${path.replace(/\?.*/, "")}`;
  return new LinuxKitError("UNSUPPORTED", `node "${name}": its engine refused ${what}: ${message.trim()}`, { what });
}
