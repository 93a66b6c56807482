import { signalProcess, waitForEnd } from "../../providers/qemu/plugin/process-id.ts";
import { watchNodes } from "../../test/cluster/watch-nodes.ts";
import { awaitReplicas } from "./answers.ts";
import type { Cluster } from "./cluster.ts";
import type { Roll } from "./column.ts";
import { nodeName } from "./nodes.ts";
import type { MachineStack } from "./stack.ts";

/** Where each node answers for the workload, by its name. */
export type Urls = Readonly<Record<string, string>>;

/** Changes a file of every OS, while a client asks every 50 ms and goes on to the next node where one does not answer. */
export async function rollChange(stack: MachineStack, urls: Urls): Promise<Roll> {
  await stack.configure("mark", "2");
  const began = performance.now();
  let seconds = 0;
  const { asked, elsewhere, unanswered } = await watchNodes(Object.values(urls), async () => {
    await stack.up();
    seconds = (performance.now() - began) / 1000;
  });
  return { seconds, asked, elsewhere, unanswered: unanswered.length };
}

/** Seconds from the sudden end of a node with one replica until all replicas answer, at the nodes that are left. */
export async function loseNode(
  stack: MachineStack,
  cluster: Cluster,
  { urls, replicas, signal }: { readonly urls: Urls; readonly replicas: number; readonly signal: AbortSignal },
): Promise<number> {
  const lost = await cluster.spread();
  const left = Object.entries(urls).flatMap(([name, url]) => (name === lost ? [] : [url]));
  // they are spread, and each is known to the nodes that are left
  await awaitReplicas(left, replicas, signal);
  const found = (await stack.machines()).find(({ record }) => record !== undefined && nodeName(record.urn) === lost);
  const qemu = found?.record?.machine;
  if (!qemu) throw new Error(`node ${lost}: its machine does not run, so it cannot be ended`);
  await signalProcess(qemu, "SIGKILL");
  await waitForEnd(qemu, 10_000);
  return awaitReplicas(left, replicas, signal);
}
