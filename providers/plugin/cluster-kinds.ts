import type { ClusterKinds } from "../../sdk/cluster/plugin/member.ts";

/** The kinds of clusters that a machine can be a member of. */
export const clusterKinds: ClusterKinds = {
  kubernetes: async () => (await import("../../sdk/kubernetes/plugin/member.ts")).openKubernetes,
  swarm: async () => (await import("../../sdk/swarm/plugin/member.ts")).swarmMember(),
};
