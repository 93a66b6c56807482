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
