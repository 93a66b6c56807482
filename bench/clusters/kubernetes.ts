import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ensureKubernetesPrograms } from "../../test/kubernetes/support/programs.ts";
import { exampleWorkload } from "../../test/kubernetes/support/workload.ts";
import { eventually } from "../../test/support/until.ts";
import type { ClusterPart } from "./cluster.ts";

/** As examples/kubernetes/web.json has it. */
const REPLICAS = 2;

/** A pod of the workload (kubernetes.io, "Kubernetes API Reference", Pod v1). */
export interface WebPod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** A pod to delete, so that another starts on a node without one; undefined where each replica has a node, or some are still to start. */
export function crowded(pods: readonly WebPod[]): string | undefined {
  const live = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (!live.every(isReady) || live.length !== REPLICAS) return undefined;
  return new Set(live.map(({ spec }) => spec.nodeName)).size < REPLICAS ? live[0]?.metadata.name : undefined;
}

/** Whether each replica is ready on a node of its own. */
export function isSpread(pods: readonly WebPod[]): boolean {
  const live = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  return live.length === REPLICAS && live.every(isReady) && new Set(live.map(({ spec }) => spec.nodeName)).size === REPLICAS;
}

function isReady({ status }: WebPod): boolean {
  return status.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") === true;
}

/** A control plane and two workers, with a replica on each worker. The node that is lost is a worker. */
export function kubernetes(folder: string, signal: AbortSignal, programs: () => Promise<string> = ensureKubernetesPrograms): ClusterPart {
  return {
    replicas: REPLICAS,
    async connect(outputs) {
      const file = join(folder, "kubeconfig");
      await writeFile(file, (outputs as { readonly kubeconfig: string }).kubeconfig, { mode: 0o600 });
      const program = join(await programs(), "kubectl");
      const kubectl = async (...args: string[]): Promise<string> =>
        (await promisify(execFile)(program, ["--kubeconfig", file, "--request-timeout=50s", ...args], { signal, timeout: 120_000 })).stdout;
      const pods = async (): Promise<readonly WebPod[]> =>
        (JSON.parse(await kubectl("get", "pods", "-l", "app=web", "-o", "json")) as { items: WebPod[] }).items;
      return {
        async deploy() {
          const objects = join(folder, "workload.json");
          await writeFile(objects, await exampleWorkload());
          // a new API server is busy: what is applied twice is applied once
          const apply = () => kubectl("apply", "--validate=false", "-f", objects).then(() => true);
          await eventually("the cluster has taken the workload", apply, { signal });
        },
        async spread() {
          const look = async (): Promise<boolean> => {
            const found = await pods();
            const one = crowded(found);
            if (one !== undefined) await kubectl("delete", "pod", one, "--wait=false");
            return isSpread(found);
          };
          await eventually("each replica is ready on a worker of its own", look, { seconds: 900, signal });
          return "worker-2";
        },
      };
    },
  };
}
