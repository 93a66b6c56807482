import { setTimeout as sleep } from "node:timers/promises";
import type { MemberPlace } from "../../cluster/plugin/member.ts";
import type { NodeWork } from "./drain.ts";
import { listNodes } from "./objects.ts";

/**
 * The longest pause of a client of Kubernetes between two attempts to watch: 30 s, and as much again by chance. Until then a kube-proxy
 * sends requests to pods that have ended.
 *
 * Source: client-go v0.34, tools/cache/reflector.go, `NewExponentialBackoffManager` in `NewReflectorWithOptions`.
 */
const RECONNECT_MS = 60_000;

/**
 * Waits until the other nodes have found the only API server again after it was replaced. Only then may pods move: no node would know
 * where they are. Where another machine of the control plane runs, the nodes had an API server all the while.
 */
export async function awaitOthers(
  { name, nodes }: Pick<MemberPlace, "name" | "nodes">,
  { api, signal, progress }: NodeWork,
  milliseconds: number = RECONNECT_MS,
): Promise<void> {
  if ((await nodes()).some((other) => other.role === "control-plane" && other.running && other.name !== name)) return;
  if ((await listNodes(api, signal)).every((node) => node.metadata.name === name)) return;
  progress({ stage: "join", message: `waiting ${milliseconds / 1000} s until every node has found the API server of ${name} again` });
  await sleep(milliseconds, undefined, { signal });
}
