import { join } from "node:path";
import { debianImage } from "../debian/base/arguments.ts";
import { debian } from "../debian/images.ts";
import type { DebianFile, DebianImage } from "../definition/debian-image.ts";
import { type ClusterNetworks, nameServerAddress } from "./addresses.ts";

/** The program that starts a node, and its first words; the network of all pods follows. */
export const PROGRAM = "/usr/bin/linuxkit-cluster";
export const START = [PROGRAM, "kubernetes-node"];
// what it reads: linuxkitd/internal/kubernetes/node.go
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
  return debianImage({
    program: "linuxkit-cluster",
    packages: ["containerd", "runc", "containernetworking-plugins", "iptables", "nftables", "mount", "ca-certificates"],
    leaveOut: UNUSED,
    files: [
      { path: "usr/local/bin/kubelet", source: join(programs, "kubelet") },
      { path: CONTAINERD_CONFIG.slice(1), contents: CONTAINERD(pauseImage) },
      { path: KUBELET_CONFIG.slice(1), contents: `${JSON.stringify(kubeletConfig(networks, taints), undefined, 2)}\n` },
      { path: NETWORK_CONFIG.slice(1), contents: `${JSON.stringify(NETWORK, undefined, 2)}\n` },
      { path: RULES.slice(1), contents: rules(networks.pods) },
      // the root is read-only, so every mount point is in the image
      ...["etc/resolv.conf", "etc/machine-hosts"].map((path) => ({ path, contents: "" })),
      ...["etc/cni", "var/log", "var/lib/kubelet", "var/lib/containerd", "var/lib/cni"].map(folder),
      ...archives.map((source, index): DebianFile => ({ path: `${ARCHIVES.slice(1)}/${index}.tar`, source })),
    ],
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
