import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { MemberPlace, MemberWork, OpenMember } from "../../cluster/plugin/member.ts";
import { LinuxKitError } from "../../core/errors.ts";
import { API_PORT } from "../addresses.ts";
import { type ApiServer, call } from "./client.ts";
import { awaitNode, cordon, drain, type NodeWork, removeNode, uncordon } from "./drain.ts";
import { saveSnapshot } from "./etcd-snapshot.ts";
import { awaitOthers } from "./reconnect.ts";
import { allowRenewal } from "./renewal.ts";
import { endTurn, takeTurn } from "./turns.ts";

/** What only members of a Kubernetes cluster have. */
const settings = z.object({ version: z.string() });

/** The place of a machine in a Kubernetes cluster: a node, which is drained before its machine stops and takes pods again after. */
export const openKubernetes: OpenMember = (place) => {
  const { version } = settings.parse(place.inputs.settings);
  return {
    async prepare(work) {
      const isControl = place.inputs.role === "control-plane";
      if (isControl) await takeTurn(place, work);
      try {
        if (isControl) await saveSnapshot(place, work);
        await empty(await nodeWork(place, work));
      } catch (error) {
        endTurn(place);
        throw error;
      }
    },
    async rejoin(work) {
      const node = await nodeWork(place, work);
      const isControl = place.inputs.role === "control-plane";
      if (isControl) await allowRenewal(node.api, work.signal);
      await awaitNode(node, version);
      const wasReplaced = await uncordon(node);
      if (isControl && wasReplaced) await awaitOthers(place, node);
      endTurn(place);
      return {};
    },
    async leave(work) {
      if (place.inputs.role === "control-plane") return refuseControl(place);
      const node = await nodeWork(place, work);
      await cordon(node);
      // the pods of a machine that does not run cannot end; without their node the controller manager removes them
      if ((await place.nodes()).some(({ name, running }) => name === place.name && running)) await drain(node);
      await removeNode(node);
    },
  };
};

/** Moves the pods of a node to others, or leaves it as it was. */
async function empty(node: NodeWork): Promise<void> {
  await cordon(node);
  try {
    await drain(node);
  } catch (error) {
    // the call may be over, and its signal with it; what it failed for is what counts
    await uncordon({ ...node, signal: AbortSignal.timeout(60_000) }).catch(() => {});
    throw error;
  }
}

/** One node by an API server that answers. @throws TIMEOUT where none does */
async function nodeWork(place: MemberPlace, { signal, seconds, progress }: MemberWork): Promise<NodeWork> {
  const waitingFor = "an API server of the cluster";
  let why = "no machine of its control plane runs";
  for (const until = performance.now() + seconds * 1000; ; await sleep(1000, undefined, { signal })) {
    for (const { role, running, ports } of await place.nodes()) {
      const at = ports[`${API_PORT}/tcp`];
      if (role !== "control-plane" || !running || at === undefined) continue;
      const api: ApiServer = { at, keys: place.inputs.keys };
      const answer = await call(api, { path: "/readyz", tries: 1, signal }).catch((error: unknown) => {
        signal.throwIfAborted();
        why = (error as Error).message;
      });
      // the call as a whole has its own limit; this part of it leaves time to undo what it began
      if (answer) return { api, name: place.name, signal, seconds: Math.max(5, ((until - performance.now()) / 1000) * 0.9), progress };
    }
    progress({ stage: "join", message: "waiting for the API server" });
    if (performance.now() > until)
      throw new LinuxKitError("TIMEOUT", `waited ${seconds} s for ${waitingFor}: ${why}`, { seconds, waitingFor });
  }
}

/** A member of etcd stays as long as the cluster has other machines. The deletion of a whole cluster does not come here. */
async function refuseControl(place: MemberPlace): Promise<void> {
  const others = (await place.nodes()).filter(({ name }) => name !== place.name);
  if (others.length === 0) return;
  const names = others.map(({ name }) => name).join(", ");
  throw new LinuxKitError(
    "INVALID_DEFINITION",
    `${place.name}: it is of the control plane of a cluster that ${names} are in: delete the cluster as a whole, or those machines first`,
    { path: "member" },
  );
}
