/**
 * Kernel modules of a Docker engine: the engine and iptables would load them when they need them, and no container may. Source:
 * moby, contrib/check-config.sh, "Generally Necessary" and "Network Drivers: bridge"; the matches of the rules that libnetwork
 * writes (drivers/bridge/setup_ip_tables.go), which iptables hands to nftables (nft_compat).
 */
export const ENGINE_MODULES: readonly string[] = Object.freeze([
  "overlay",
  "bridge",
  "br_netfilter",
  "veth",
  "nf_conntrack",
  "nf_conntrack_netlink",
  "nf_nat",
  "nf_tables",
  "nft_compat",
  "nft_chain_nat",
  "xt_MASQUERADE",
  "xt_addrtype",
  "xt_conntrack",
  "xt_mark",
  "xt_nat",
  "xt_tcpudp",
]);

/**
 * What a node of a swarm needs beside them: overlay networks, and the balancer behind published ports. Source: moby,
 * contrib/check-config.sh, "Network Drivers: overlay"; libnetwork, service_linux.go.
 */
export const SWARM_MODULES: readonly string[] = Object.freeze(["vxlan", "ip_vs", "ip_vs_rr", "xt_ipvs", "xt_REDIRECT", "dummy"]);
