import { debianImage } from "../debian/base/arguments.ts";
import type { ImageSource } from "../definition/debian-image.ts";
import { Service } from "../definition/service.ts";
import { volumeMount } from "../definition/volume.ts";
import { API_PORT } from "./addresses.ts";
import { NODE_MODULES } from "./kernel-modules.ts";
import { PROGRAM, START } from "./node-image.ts";

/** What the services of a node are made of. */
export interface Node {
  readonly images: { readonly node: ImageSource; readonly proxy: ImageSource };
  /** Addresses of the API servers that a worker asks. On a machine of the control plane its own one answers. */
  readonly servers: readonly string[];
  /** The name of the persistent volume with images, containers and what kubelet knows of pods. */
  readonly volume: string;
  readonly pods: string;
  /** The service that they wait for. @default what leads to the API servers */
  readonly after?: string;
}

/** Folders of a node's volume, and where the node has each. */
const FOLDERS = { kubelet: "/var/lib/kubelet", containerd: "/var/lib/containerd", cni: "/var/lib/cni", log: "/var/log" };

/**
 * What leads to one of the API servers, at the address where a machine of the control plane has its own: so nothing on a node
 * depends on how many there are, or on which of them works.
 */
function api(servers: readonly string[]): Service {
  return new Service("api", {
    image: debianImage({ program: "linuxkit-cluster" }),
    command: [PROGRAM, "balance", `127.0.0.1:${API_PORT}`, ...servers.map((address) => `${address}:${API_PORT}`)],
    net: "host",
    uid: "api",
    health: { tcp: { port: API_PORT } },
  });
}

/**
 * A node: containerd with kubelet, in one service because both make control groups in one tree; and kube-proxy.
 *
 * Pods are processes of the service `node`: they end with it. A path of a pod's `hostPath` is one of that service, not of the machine.
 */
export function node({ images, servers, volume, pods, after }: Node): Service[] {
  const given = { net: "host", forwards: true, readonlyPaths: [] };
  return [
    ...(after === undefined ? [api(servers)] : []),
    new Service("node", {
      ...given,
      image: images.node,
      command: [...START, pods],
      after: [after ?? "api"],
      modules: NODE_MODULES,
      // pods with the node's network have its name
      uts: "host",
      cgroup: "delegated",
      capabilities: ["all"],
      // what runc asks the kernel for beside the default: a ring of keys for each container
      seccomp: { base: "default", allow: ["keyctl", "add_key", "request_key"] },
      // setuid programs of containers work, as in Kubernetes
      noNewPrivileges: false,
      maskedPaths: [],
      devices: [
        { path: "all", type: "a" },
        // kubelet reads there which process ran out of memory
        { path: "/dev/kmsg", type: "c", major: 1, minor: 11, mode: "0600" },
      ],
      rootfsPropagation: "rshared",
      resources: { pids: { limit: -1 } },
      rlimits: ["nofile,1048576,1048576"],
      runtime: { mkdir: Object.keys(FOLDERS).map((name) => `${volumeMount(volume)}/${name}`) },
      binds: [
        ...Object.entries(FOLDERS).map(([name, path]) => `${volumeMount(volume)}/${name}:${path}`),
        "/run/config/hosts:/etc/machine-hosts:ro",
        "/etc/resolv.conf:/etc/resolv.conf:ro",
      ],
      tmpfs: ["/run", "/tmp", "/etc/cni"],
      secrets: { "ca.crt": "", "kubelet.crt": "", "kubelet.key": "", "kube.conf": "" },
      health: { http: { port: 10248, path: "/healthz" }, timeout: 10, interval: 3, retries: 100 },
      stopTimeout: 20,
    }),
    new Service("proxy", {
      ...given,
      image: images.proxy,
      after: ["node"],
      uts: "host",
      command: [
        "kube-proxy",
        "--proxy-mode=nftables",
        "--kubeconfig=/run/secrets/kube.conf",
        `--cluster-cidr=${pods}`,
        // those of every network card: with rules of nftables the default is the node's own address alone (kube-proxy, --nodeport-addresses)
        "--nodeport-addresses=0.0.0.0/0",
        // the kernel's own limits stay
        "--conntrack-max-per-core=0",
        "--conntrack-tcp-timeout-established=0",
        "--conntrack-tcp-timeout-close-wait=0",
      ],
      capabilities: ["CAP_NET_ADMIN"],
      tmpfs: ["/run", "/tmp"],
      secrets: { "kube.conf": "" },
      health: { http: { port: 10256, path: "/healthz" }, timeout: 10, interval: 3, retries: 100 },
    }),
  ];
}
