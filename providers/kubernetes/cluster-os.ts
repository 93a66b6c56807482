import type { Image } from "../../sdk/definition/image.ts";
import { controlPlane } from "../../sdk/kubernetes/control-plane.ts";
import { etcdImage, programImage } from "../../sdk/kubernetes/images.ts";
import { ETCD_VOLUME, machineOs, NODE_VOLUME } from "../../sdk/kubernetes/machine-os.ts";
import { node } from "../../sdk/kubernetes/node.ts";
import { nodeImage, proxyImage } from "../../sdk/kubernetes/node-image.ts";
import type { KubernetesClusterArgs } from "./cluster-args.ts";
import type { ClusterPlan, PlannedMachine } from "./cluster-plan.ts";

/** Keeps pods without a toleration from a control plane (kubernetes.io, "Well-Known Labels, Annotations and Taints"). */
const TAINT = { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" };

/** The machines of the control plane. */
export function controlOf({ machines }: ClusterPlan): readonly PlannedMachine[] {
  return machines.filter(({ role }) => role === "control-plane");
}

/** The OS of a worker: the same for all. */
export function workerOs(plan: ClusterPlan, args: KubernetesClusterArgs): Image {
  return machineOs(nodeServices(plan, args), args.image);
}

/** The OS of a machine of the control plane, whose etcd has its name and address. */
export function controlOs({ name, address }: PlannedMachine, plan: ClusterPlan, args: KubernetesClusterArgs): Image {
  const { programs, images = {} } = args;
  const plane = controlPlane({
    ...{ name, address, members: controlOf(plan), networks: plan.networks, volume: ETCD_VOLUME },
    images: {
      etcd: images.etcd ?? etcdImage(),
      apiserver: images.apiserver ?? programImage(programs, "kube-apiserver"),
      controllers: images.controllers ?? programImage(programs, "kube-controller-manager"),
      scheduler: images.scheduler ?? programImage(programs, "kube-scheduler"),
    },
  });
  return machineOs([...plane, ...nodeServices(plan, args, "scheduler")], args.image);
}

function nodeServices(plan: ClusterPlan, args: KubernetesClusterArgs, after?: "scheduler") {
  const { programs, images = {}, pauseImage = "registry.k8s.io/pause:3.10", archives = [] } = args;
  const hasWorkers = plan.machines.length > controlOf(plan).length;
  return node({
    images: {
      node: nodeImage({ ...{ programs, networks: plan.networks, pauseImage, archives }, taints: after && hasWorkers ? [TAINT] : [] }),
      proxy: images.proxy ?? proxyImage({ programs }),
    },
    servers: controlOf(plan).map(({ address }) => address),
    ...{ volume: NODE_VOLUME, pods: plan.networks.pods },
    ...(after !== undefined && { after }),
  });
}
