import assert from "node:assert/strict";
import type { Json } from "../../../sdk/core/json.ts";
import { type EngineAnswer, engineAt } from "../../../sdk/swarm/plugin/engine.ts";
import type { SwarmNode, SwarmService, SwarmTask } from "../../../sdk/swarm/plugin/node.ts";
import { eventually } from "../../support/until.ts";

/** By what a client reaches the engines of a swarm: outputs of `SwarmCluster`. */
export interface SwarmAccess {
  readonly endpoints: Readonly<Record<string, string>>;
  readonly client: { readonly ca: string; readonly certificate: string; readonly key: string };
}

/** The engines of a swarm, by the names of their nodes. */
export interface SwarmEngines {
  ask(node: string, method: "GET" | "POST", path: string, body?: Json): Promise<EngineAnswer>;
  /** As `ask`, and throws what the engine refuses. */
  must<T>(node: string, method: "GET" | "POST", path: string, body?: Json): Promise<T>;
  /** As the first manager knows them. */
  nodes(): Promise<readonly SwarmNode[]>;
  /** The tasks that run on a node. */
  running(): Promise<readonly SwarmTask[]>;
}

/** @param access read on each call: a machine that starts again has its engine at another port */
export function swarmEngines(access: () => SwarmAccess): SwarmEngines {
  const ask: SwarmEngines["ask"] = async (node, method, path, body) => {
    const { endpoints, client } = access();
    const at = String(endpoints[node]).replace("tcp://localhost", "127.0.0.1");
    const call = { method, path, signal: AbortSignal.timeout(60_000), ...(body !== undefined && { body }) };
    return engineAt({ name: node, at, keys: client })(call);
  };
  const must = async <T>(...call: Parameters<typeof ask>): Promise<T> => {
    const answer = await ask(...call);
    assert.ok(answer.status < 400, `${call.slice(0, 3).join(" ")}: ${answer.message}`);
    return answer.body as T;
  };
  return {
    ...{ ask, must },
    nodes: () => must("m1", "GET", "/nodes"),
    running: async () =>
      (await must<readonly SwarmTask[]>("m1", "GET", `/tasks?filters=${encodeURIComponent('{"desired-state":["running"]}')}`)).filter(
        ({ Status, NodeID }) => Status.State === "running" && NodeID,
      ),
  };
}

/** What a service is created from (Docker Engine API, POST /services/create). */
export interface ServiceTemplate {
  readonly [name: string]: Json;
  readonly TaskTemplate: { readonly [name: string]: Json };
}

/** A web server with three replicas, behind port 8080 of every node. */
export function webService(container: { readonly [name: string]: Json }, port: number): ServiceTemplate {
  return {
    Name: "web",
    TaskTemplate: { ContainerSpec: container, RestartPolicy: { Condition: "any", Delay: 1e9 } },
    Mode: { Replicated: { Replicas: 3 } },
    EndpointSpec: { Mode: "vip", Ports: [{ Protocol: "tcp", TargetPort: port, PublishedPort: 8080, PublishMode: "ingress" }] },
  };
}

/** Replaces a service by one that differs in some fields. */
export async function change(
  engines: SwarmEngines,
  id: string,
  service: ServiceTemplate,
  to: Readonly<Record<string, Json>>,
): Promise<void> {
  const { Version } = await engines.must<SwarmService>("m1", "GET", `/services/${id}`);
  await engines.must("m1", "POST", `/services/${id}/update?version=${Version.Index}`, { ...service, ...to });
}

/** Spreads the replicas over three nodes: after a roll, they are where they were moved to. A forced update places them anew. */
export async function spread(engines: SwarmEngines, id: string, service: ServiceTemplate, signal?: AbortSignal): Promise<void> {
  await change(engines, id, service, { TaskTemplate: { ...service.TaskTemplate, ForceUpdate: 100 } });
  const look = async (): Promise<boolean> => {
    const { UpdateStatus } = await engines.must<SwarmService>("m1", "GET", `/services/${id}`);
    return UpdateStatus?.State === "completed" && new Set((await engines.running()).map(({ NodeID }) => NodeID)).size === 3;
  };
  await eventually("the replicas are spread", look, signal && { signal });
}
