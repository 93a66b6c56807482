import { setTimeout as sleep } from "node:timers/promises";
import { LinuxKitError } from "../../core/errors.ts";
import type { OnProgress } from "../../core/progress.ts";
import { type ApiServer, call, reason } from "./client.ts";
import { isReady, listNodes, type NodeObject, type PodObject, podsOn, readNode, takesPods } from "./objects.ts";

/** What happens to one node, and how long it may take. */
export interface NodeWork {
  readonly api: ApiServer;
  /** The node's name. */
  readonly name: string;
  readonly signal: AbortSignal;
  /** Seconds for all of it. */
  readonly seconds: number;
  readonly progress: OnProgress;
}

/** On a node that is cordoned here: the boot that it had, and whether it took pods before. */
const MARK = "pulumi-linuxkit.org/replaced";
const PAUSE_MS = 1000;

/**
 * Lets no new pod come to a node, and remembers on it which boot this was, so that {@link awaitNode} knows another one. A node that
 * someone else has cordoned stays so.
 */
export async function cordon({ api, name, signal }: NodeWork): Promise<void> {
  const found = await readNode(api, name, signal);
  if (!found || found.metadata.annotations[MARK] !== undefined) return;
  const mark = JSON.stringify({ boot: found.status.nodeInfo.bootID, uncordon: !found.spec.unschedulable });
  await patchNode(api, name, { metadata: { annotations: { [MARK]: mark } }, spec: { unschedulable: true } }, signal);
}

/** Lets pods come to a node again that {@link cordon} closed. @returns whether that had been called for it */
export async function uncordon({ api, name, signal }: NodeWork): Promise<boolean> {
  const found = await readNode(api, name, signal);
  const mark = found && markOf(found);
  if (!mark) return false;
  const open = mark.uncordon ? { spec: { unschedulable: null } } : {};
  await patchNode(api, name, { metadata: { annotations: { [MARK]: null } }, ...open }, signal);
  return true;
}

/**
 * Asks the pods of a node to end, so that their controllers start them elsewhere, and waits until they have. A pod whose
 * PodDisruptionBudget does not allow it yet is asked again. Those of a DaemonSet stay, and those without a controller, which nothing
 * would start elsewhere: they start again with their node.
 *
 * Source: kubernetes.io, "API-initiated Eviction" and "Safely Drain a Node".
 *
 * @returns false if no other node takes pods: then all stay
 * @throws TIMEOUT naming the pods that are left and why
 */
export async function drain(work: NodeWork): Promise<boolean> {
  const { api, name, signal, seconds, progress } = work;
  const others = (await listNodes(api, signal)).filter((node) => node.metadata.name !== name);
  if (!others.some((node) => isReady(node) && takesPods(node))) {
    progress({ stage: "drain", message: `no other node takes pods: those of ${name} end with it, and start again with it`, lasting: true });
    return false;
  }
  const asked = new Set<string>();
  const why = new Map<string, string>();
  for (const until = performance.now() + seconds * 1000; ; await sleep(PAUSE_MS, undefined, { signal })) {
    const left = (await podsOn(api, name, signal)).filter(isMovable);
    if (left.length === 0) return true;
    for (const pod of left.filter(({ metadata }) => !asked.has(metadata.uid))) {
      const refusal = await evict(api, pod, signal);
      if (refusal === undefined) asked.add(pod.metadata.uid);
      why.set(pod.metadata.uid, refusal ?? "it was asked to end, and has not yet");
    }
    progress({ stage: "drain", message: `${name}: waiting for ${left.length} pods to end` });
    if (performance.now() < until) continue;
    const lines = left.map(({ metadata: { namespace, name: pod, uid } }) => `${namespace}/${pod}: ${why.get(uid)}`);
    const waitingFor = `the pods of ${name} to end`;
    throw new LinuxKitError("TIMEOUT", `waited ${seconds} s for ${waitingFor}:\n${lines.join("\n")}`, { seconds, waitingFor });
  }
}

/**
 * Waits until a node is ready: after {@link cordon}, in another boot than then. Its version must be the given one.
 *
 * @throws TIMEOUT with what the node says; INVALID_DEFINITION for another version
 */
export async function awaitNode(work: NodeWork, version: string): Promise<void> {
  const { api, name, signal, seconds, progress } = work;
  let said = "the API server does not answer";
  for (const until = performance.now() + seconds * 1000; ; await sleep(PAUSE_MS, undefined, { signal })) {
    const found = await readNode(api, name, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      said = (error as Error).message;
      return undefined;
    });
    if (found) {
      const isOld = markOf(found)?.boot === found.status.nodeInfo.bootID;
      if (!isOld && isReady(found)) return checkVersion(found, version);
      said = isOld ? "it has not registered since its start" : conditionOf(found);
    }
    progress({ stage: "join", message: `waiting for node ${name}` });
    if (performance.now() < until) continue;
    const waitingFor = `node ${name} to be ready`;
    throw new LinuxKitError("TIMEOUT", `waited ${seconds} s for ${waitingFor}: ${said}`, { seconds, waitingFor });
  }
}

/** Takes a node out of the cluster. Its pods that have not ended are removed by the controller manager. */
export async function removeNode({ api, name, signal }: NodeWork): Promise<void> {
  await call(api, { method: "DELETE", path: `/api/v1/nodes/${name}`, accept: [404], signal });
}

function checkVersion({ metadata: { name }, status: { nodeInfo } }: NodeObject, version: string): void {
  if (nodeInfo.kubeletVersion === `v${version}`) return;
  const problem = `got ${version}, but the programs of node ${name} are ${nodeInfo.kubeletVersion}: wanted the programs of that version`;
  throw new LinuxKitError("INVALID_DEFINITION", `version: ${problem}`, { path: "version" });
}

function conditionOf({ status }: NodeObject): string {
  return status.conditions.find(({ type }) => type === "Ready")?.message || "it is not ready";
}

function markOf({ metadata }: NodeObject): { readonly boot: string; readonly uncordon: boolean } | undefined {
  const text = metadata.annotations[MARK];
  return text === undefined ? undefined : (JSON.parse(text) as { boot: string; uncordon: boolean });
}

/** Whether something starts a pod elsewhere once it ends here. */
function isMovable({ metadata, status }: PodObject): boolean {
  const owner = metadata.ownerReferences.find(({ controller }) => controller);
  return owner !== undefined && owner.kind !== "DaemonSet" && owner.kind !== "Node" && !["Succeeded", "Failed"].includes(status.phase);
}

/** @returns why the pod may not end yet; undefined once it is asked to */
async function evict(api: ApiServer, { metadata: { namespace, name, uid } }: PodObject, signal: AbortSignal): Promise<string | undefined> {
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
  const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace }, deleteOptions: { preconditions: { uid } } };
  // 429: its budget does not allow it yet; 404 and 409: it is gone, or another one has its name; 500: several budgets name it
  const answer = await call(api, { method: "POST", path, body, accept: [404, 409, 429, 500], signal });
  return answer.status === 429 || answer.status === 500 ? reason(answer) : undefined;
}

async function patchNode(api: ApiServer, name: string, body: object, signal: AbortSignal): Promise<void> {
  await call(api, { method: "PATCH", path: `/api/v1/nodes/${name}`, body, signal });
}
