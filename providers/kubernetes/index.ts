// the types of Node, which the declarations use, also where a program's configuration names none
/// <reference types="node" preserve="true" />
import "../../sdk/core/new-node.ts";
export { KubernetesCluster } from "./cluster.ts";
export type { KubernetesClusterArgs, KubernetesImagesArgs, KubernetesMachineArgs, KubernetesNetworkArgs } from "./cluster-args.ts";
export { KubernetesKeys, type KubernetesKeysArgs, type KubernetesKeysMachineArgs } from "./keys.ts";
