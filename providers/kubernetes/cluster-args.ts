import type { ImageArgs } from "../../sdk/definition/image.ts";
import type { ImageSource } from "../../sdk/definition/debian-image.ts";

/** Images to run instead of those that are made from `programs`, each by its digest. */
export interface KubernetesImagesArgs {
  /** etcd. @default Debian's @example "registry.example.com/etcd:3.6.4@sha256:…" */
  readonly etcd?: ImageSource | undefined;
  /** The API server. @default made from `programs` @example "registry.example.com/kube-apiserver:v1.34.4@sha256:…" */
  readonly apiserver?: ImageSource | undefined;
  /** The controller manager. @default made from `programs` */
  readonly controllers?: ImageSource | undefined;
  /** The scheduler. @default made from `programs` */
  readonly scheduler?: ImageSource | undefined;
  /** kube-proxy, which needs `nft`. @default made from `programs` */
  readonly proxy?: ImageSource | undefined;
}

/** Networks of a cluster. No two of them may overlap. */
export interface KubernetesNetworkArgs {
  /** That of the machines, with 24 bits: the last part of a machine's address names the addresses of its pods. @default "10.77.0.0/24" */
  readonly machines?: string | undefined;
  /** The pods' addresses, with 16 bits: 256 on each node. @default "10.244.0.0/16" */
  readonly pods?: string | undefined;
  /** The addresses of Kubernetes' services, with 12 to 24 bits. @default "10.96.0.0/16" */
  readonly services?: string | undefined;
}

/** What a machine of a cluster has. */
export interface KubernetesMachineArgs {
  /** MiB of memory. @default 2048 for the control plane, 1024 for a worker @example 4096 */
  readonly memoryMiB?: number | undefined;
  /** Processors. @default 2 for the control plane, 1 for a worker @example 4 */
  readonly cpus?: number | undefined;
  /** MiB of the disk with images, containers and logs. It may grow, never shrink. @default 8192 @example 20480 */
  readonly diskMiB?: number | undefined;
  /**
   * Ports of the machine that this host answers on, `[ADDRESS:]HOST:GUEST`: a service's node port answers on every machine. Each further
   * machine has the next host port. Host port 0 is any free one.
   * @default none
   * @example ["8080:30080"]
   */
  readonly publish?: readonly string[] | undefined;
  /** Seconds until the machine must be healthy and its node ready after a start. @default 600 @example 1800 */
  readonly timeoutSeconds?: number | undefined;
}

/** Arguments of `KubernetesCluster`. */
export interface KubernetesClusterArgs {
  /** The version of Kubernetes. No minor version is skipped: from 1.34 to 1.35, then to 1.36. @example "1.34.4" */
  readonly version: string;
  /**
   * A folder of this computer with programs of that version, linked statically as Kubernetes releases them: kubelet, and for each
   * image that `images` lacks kube-apiserver, kube-controller-manager, kube-scheduler and kube-proxy.
   * @example "programs/1.34.4"
   */
  readonly programs: string;
  /**
   * Machines of the control plane. Of three, one may be lost, and the cluster takes changes all the same. The number stays: a cluster
   * with another one is another cluster.
   * @default 1
   */
  readonly controlPlane?: 1 | 3 | undefined;
  /** Machines that run pods and nothing of the control plane. Without one, the control plane runs pods. @default 0 @example 2 */
  readonly workers?: number | undefined;
  /** Images to run instead of those that are made from `programs`. @default none */
  readonly images?: KubernetesImagesArgs | undefined;
  /** The image of the process that holds a pod's namespaces. @default "registry.k8s.io/pause:3.10" */
  readonly pauseImage?: string | undefined;
  /** Files of `docker save` that every node has, for pods whose image no registry has. They become part of the OS. @default none @example ["app.tar"] */
  readonly archives?: readonly string[] | undefined;
  /** The networks. @default see {@link KubernetesNetworkArgs} */
  readonly network?: KubernetesNetworkArgs | undefined;
  /** The port of this computer's loopback interface that leads to the API server. Of three, each has the next one. @default 6443 @example 7443 */
  readonly apiPort?: number | undefined;
  /** What the machines of the control plane have. @default see {@link KubernetesMachineArgs} */
  readonly control?: KubernetesMachineArgs | undefined;
  /** What the workers have. @default see {@link KubernetesMachineArgs} */
  readonly worker?: KubernetesMachineArgs | undefined;
  /** What the OS of every machine has beside Kubernetes: services, tasks, files. @default nothing */
  readonly image?: Partial<ImageArgs> | undefined;
}
