import { z } from "zod";
import { type ApiServer, call } from "./client.ts";

const metadata = z.looseObject({
  name: z.string(),
  namespace: z.string().default(""),
  uid: z.string().default(""),
  annotations: z.record(z.string(), z.string()).default({}),
  ownerReferences: z.array(z.looseObject({ kind: z.string(), controller: z.boolean().default(false) })).default([]),
});

const node = z.looseObject({
  metadata,
  spec: z.looseObject({
    unschedulable: z.boolean().default(false),
    taints: z.array(z.looseObject({ key: z.string(), effect: z.string() })).default([]),
  }),
  status: z.looseObject({
    conditions: z.array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().default("") })).default([]),
    nodeInfo: z.looseObject({ bootID: z.string(), kubeletVersion: z.string() }),
  }),
});

const pod = z.looseObject({ metadata, status: z.looseObject({ phase: z.string().default("") }) });

/** A node, as far as it is read here. Source: kubernetes.io, "Kubernetes API Reference", Node v1. */
export type NodeObject = z.output<typeof node>;
/** A pod, as far as it is read here. */
export type PodObject = z.output<typeof pod>;

/** All nodes of a cluster. */
export async function listNodes(api: ApiServer, signal: AbortSignal): Promise<readonly NodeObject[]> {
  return z.object({ items: z.array(node) }).parse((await call(api, { path: "/api/v1/nodes", signal })).body).items;
}

/** A node; undefined for one that the cluster does not know. */
export async function readNode(api: ApiServer, name: string, signal: AbortSignal): Promise<NodeObject | undefined> {
  const { status, body } = await call(api, { path: `/api/v1/nodes/${name}`, accept: [404], signal });
  return status === 404 ? undefined : node.parse(body);
}

/** The pods on a node. */
export async function podsOn(api: ApiServer, name: string, signal: AbortSignal): Promise<readonly PodObject[]> {
  const path = `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${name}`)}`;
  return z.object({ items: z.array(pod) }).parse((await call(api, { path, signal })).body).items;
}

/** Whether a node says that it is ready. */
export function isReady({ status }: NodeObject): boolean {
  return status.conditions.some(({ type, status: state }) => type === "Ready" && state === "True");
}

/** Whether new pods may come to a node. */
export function takesPods({ spec }: NodeObject): boolean {
  return !spec.unschedulable && !spec.taints.some(({ effect }) => effect !== "PreferNoSchedule");
}
