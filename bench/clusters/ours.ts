import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { awaitReplicas } from "./answers.ts";
import type { Cluster, ClusterPart } from "./cluster.ts";
import type { Column, PartName } from "./column.ts";
import { loseNode, rollChange, type Urls } from "./disturb.ts";
import { kubernetes } from "./kubernetes.ts";
import { kindOfBuild, nodesAtRest } from "./nodes.ts";
import { settingsOf } from "./settings.ts";
import { sizesOf } from "./sizes.ts";
import { openStack } from "./stack.ts";
import { uptime, watchStarts } from "./starts.ts";
import { swarm } from "./swarm.ts";
import { ending, REST_MS, type Work } from "./work.ts";

/** Measures a part that this library makes: from nothing to its machines at rest, then while its image changes and a node is lost. */
export async function ourColumn(part: Exclude<PartName, "debian">, { folder, note, host, day, ...work }: Work): Promise<Column> {
  const own = join(folder, part);
  await mkdir(own, { recursive: true });
  using over = ending(work.signal);
  const { signal } = over;
  const clusterPart: ClusterPart | undefined = {
    ...{ bare: undefined, docker: undefined, swarm: swarm(signal), kubernetes: kubernetes(own, signal) },
  }[part];
  const replicas = clusterPart?.replicas ?? 1;
  const { config, url } = await settingsOf(part, own);
  await using stack = await openStack(own, config, signal);

  note(`${part}: starting its machines`);
  const began = await uptime();
  // a machine alone has the workload in its OS, and may answer before it is healthy
  const early = clusterPart ? undefined : awaitReplicas([url], 1, signal);
  early?.catch(() => {});
  const starts = [...(await watchStarts(stack.stateDir, () => stack.up()))];
  const first = Math.min(...starts.map(([, start]) => start.began));
  const ready = Math.max(...starts.map(([, start]) => start.ready)) - first;
  const { urls } = await stack.outputs<{ readonly urls: Urls }>();
  const all = Object.values(urls);
  const connect = async (): Promise<Cluster> => (clusterPart as ClusterPart).connect(await stack.outputs());
  const untilAnswered = async (): Promise<number> => {
    note(`${part}: asking it for ${replicas} replicas`);
    const asked = await uptime();
    await (await connect()).deploy();
    const seconds = await awaitReplicas(all, 1, signal).then(async () => (await uptime()) - asked);
    await awaitReplicas(all, replicas, signal);
    return seconds;
  };
  const answering = early ? began + (await early) - first : ready + (await untilAnswered());

  note(`${part}: leaving it at rest for ${REST_MS / 1000} s`);
  await sleep(REST_MS, undefined, { signal });
  const { nodes, kernel, accelerator } = await nodesAtRest(await stack.machines(), new Map(starts), stack.stateDir, signal);
  const rest: readonly (readonly [what: string, measure: () => Promise<Partial<Column>>])[] = [
    ["rolling an image change", async () => ({ roll: await rollChange(stack, urls) })],
    // its machines may be others now
    ...(clusterPart
      ? [["ending a node", async () => ({ back: await loseNode(stack, await connect(), { urls, replicas, signal }) })] as const]
      : []),
    [
      "counting the bytes of its OS",
      async () => ({ sizes: await sizesOf(await stack.resources(), (build) => kindOfBuild(part, build), own, signal) }),
    ],
  ];
  let measured: Column = { part, day, host, kernel, accelerator, sizes: [], nodes, ready, answering, replicas };
  for (const [what, measure] of rest) {
    note(`${part}: ${what}`);
    try {
      measured = { ...measured, ...(await measure()) };
    } catch (error) {
      signal.throwIfAborted();
      // what was measured before stays, and what comes after is measured all the same
      const why = `${what}: ${(error as Error).message}`;
      measured = { ...measured, incomplete: measured.incomplete === undefined ? why : `${measured.incomplete}\n${why}` };
    }
  }
  return measured;
}
