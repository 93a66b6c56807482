import { join } from "node:path";
import { BUSYBOX_SHELL } from "../debian/base/init.ts";
import { debian } from "../debian/images.ts";
import type { DebianFile, DebianImage } from "../definition/debian-image.ts";
import { type ClusterNetworks, nameServerAddress, podPrefix } from "./addresses.ts";

/** What starts a node. */
export const START = "/usr/lib/linuxkit/start-node";
const CONTAINERD_CONFIG = "/usr/lib/linuxkit/containerd.toml";
const KUBELET_CONFIG = "/usr/lib/linuxkit/kubelet.json";
const NETWORK_CONFIG = "/usr/lib/linuxkit/node.conflist";
const RULES = "/usr/lib/linuxkit/node.nft";
const ARCHIVES = "/usr/share/linuxkit/images";
const SECRETS = "/run/secrets";

/** What an image of a node is made of. */
export interface NodeImage {
  /** The folder with the program kubelet, on the machine that builds. */
  readonly programs: string;
  readonly networks: ClusterNetworks;
  /** The image of the process that holds a pod's namespaces. */
  readonly pauseImage: string;
  /** Files of `docker save` that become part of the OS. */
  readonly archives: readonly string[];
  /** Taints with which the node registers. */
  readonly taints: readonly { readonly key: string; readonly effect: string }[];
}

/**
 * kubelet is restarted beside containerd, so that its end ends no container. Pods' addresses follow from the node's own, whose other
 * nodes learn by ARP: this node answers for its pods, and no node has a list of the others.
 */
function startScript({ pods, prefix }: { readonly pods: string; readonly prefix: string }): string {
  return `#!/bin/sh
set -e
name=$(hostname)
address=$(awk -v name="$name" '$2 == name { print $1; exit }' /etc/machine-hosts)
[ -n "$address" ] || { echo "$name has no address in /run/config/hosts: give the machine a network and a host name"; exit 1; }
link=$(ip -o -4 address show | awk -v address="$address" 'index($4, address "/") == 1 { print $2; exit }')
[ -n "$link" ] || { echo "no network card has the address $address"; exit 1; }
mount --make-rshared /

echo 1 >/proc/sys/net/ipv4/ip_forward
echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
# answer for the pods at once (arp(7), proxy_delay)
echo 1 >/proc/sys/net/ipv4/conf/$link/proxy_arp
echo 0 >/proc/sys/net/ipv4/neigh/$link/proxy_delay
ip route replace ${pods} dev $link src $address
nft -f ${RULES}

mkdir -p /etc/cni/net.d /var/log/pods /var/log/containers
sed "s#SUBNET#${prefix}.\${address##*.}.0/24#" ${NETWORK_CONFIG} >/etc/cni/net.d/10-node.conflist

# certificates that kubelet has renewed belong to the key that it was given: another key makes them void
given=$(sha256sum ${SECRETS}/kube.conf)
if [ "$given" != "$(cat /var/lib/kubelet/given 2>/dev/null)" ]; then
  rm -rf /var/lib/kubelet/pki
  echo "$given" >/var/lib/kubelet/given
fi

containerd --config ${CONTAINERD_CONFIG} &
containerd=$!
trap 'kill -TERM $containerd' TERM
until ctr version >/dev/null 2>&1; do
  kill -0 $containerd
  sleep 0.5
done
for archive in ${ARCHIVES}/*.tar; do
  [ ! -e "$archive" ] || ctr --namespace k8s.io images import "$archive"
done
(
  while :; do
    kubelet --config ${KUBELET_CONFIG} --kubeconfig ${SECRETS}/kube.conf --cert-dir /var/lib/kubelet/pki \\
      --hostname-override "$name" --node-ip "$address" || :
    sleep 2
  done
) &
wait $containerd
`;
}

const CONTAINERD = (pauseImage: string): string => `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${JSON.stringify(pauseImage)}
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
`;

/** The plugins that Debian has: a bridge on each node, addresses from a list, and ports of the node (cni.dev, "bridge", "portmap"). */
const NETWORK = {
  cniVersion: "0.4.0",
  name: "node",
  plugins: [
    {
      type: "bridge",
      bridge: "cni0",
      isGateway: true,
      hairpinMode: true,
      ipam: { type: "host-local", ranges: [[{ subnet: "SUBNET" }]], routes: [{ dst: "0.0.0.0/0" }] },
    },
    { type: "portmap", capabilities: { portMappings: true } },
  ],
};

/** Pods reach each other by their own addresses, and the outside by the node's. */
function rules(pods: string): string {
  return `table ip linuxkit-node
delete table ip linuxkit-node
table ip linuxkit-node {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${pods} ip daddr != ${pods} masquerade
  }
}
`;
}

/** Source: kubernetes.io, "Kubelet Configuration (v1beta1)". */
function kubeletConfig(networks: ClusterNetworks, taints: NodeImage["taints"]): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: `${SECRETS}/ca.crt` } },
    authorization: { mode: "Webhook" },
    tlsCertFile: `${SECRETS}/kubelet.crt`,
    tlsPrivateKeyFile: `${SECRETS}/kubelet.key`,
    rotateCertificates: true,
    readOnlyPort: 0,
    cgroupDriver: "cgroupfs",
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    clusterDomain: "cluster.local",
    clusterDNS: [nameServerAddress(networks)],
    failSwapOn: false,
    // its own default is read-only here
    volumePluginDir: "/var/lib/kubelet/volume-plugins",
    resolvConf: "/etc/resolv.conf",
    ...(taints.length > 0 && { registerWithTaints: taints }),
  };
}

/** Programs of the packages that a node does not start. */
const UNUSED = ["/usr/bin/containerd-shim", "/usr/bin/containerd-shim-runc-v1", "/usr/bin/containerd-stress"];

/** The image of a node: containerd, kubelet, and the plugins of its network. */
export function nodeImage({ programs, networks, pauseImage, archives, taints }: NodeImage): DebianImage {
  return debian.packages({
    packages: ["containerd", "runc", "containernetworking-plugins", "iptables", "nftables", "mount", "ca-certificates", "busybox-static"],
    leaveOut: UNUSED,
    files: [
      BUSYBOX_SHELL,
      { path: "usr/local/bin/kubelet", source: join(programs, "kubelet") },
      { path: START.slice(1), contents: startScript({ pods: networks.pods, prefix: podPrefix(networks) }), mode: "0755" },
      { path: CONTAINERD_CONFIG.slice(1), contents: CONTAINERD(pauseImage) },
      { path: KUBELET_CONFIG.slice(1), contents: `${JSON.stringify(kubeletConfig(networks, taints), undefined, 2)}\n` },
      { path: NETWORK_CONFIG.slice(1), contents: `${JSON.stringify(NETWORK, undefined, 2)}\n` },
      { path: RULES.slice(1), contents: rules(networks.pods) },
      // the root is read-only, so every mount point is in the image
      ...["etc/resolv.conf", "etc/machine-hosts"].map((path) => ({ path, contents: "" })),
      ...["etc/cni", "var/log", "var/lib/kubelet", "var/lib/containerd", "var/lib/cni"].map(folder),
      ...archives.map((source, index): DebianFile => ({ path: `${ARCHIVES.slice(1)}/${index}.tar`, source })),
    ],
    command: [START],
  });
}

function folder(path: string): DebianFile {
  return { path, directory: true, mode: "0755" };
}

/** The image of kube-proxy, with the program by which it writes its rules. */
export function proxyImage({ programs }: Pick<NodeImage, "programs">): DebianImage {
  return debian.packages({
    packages: ["nftables"],
    files: [{ path: "usr/local/bin/kube-proxy", source: join(programs, "kube-proxy") }],
  });
}
