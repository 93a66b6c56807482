// the types of Node, which the declarations use, also where a program's configuration names none
/// <reference types="node" preserve="true" />
import "../../sdk/core/new-node.ts";
export { ClusterKeys, type ClusterKeysArgs, type ClusterKeyPair } from "../../sdk/cluster/keys.ts";
export type { SwarmClusterArgs, SwarmMachineArgs, SwarmNetworkArgs } from "./swarm-args.ts";
export { type SwarmClient, SwarmCluster } from "./swarm-cluster.ts";
