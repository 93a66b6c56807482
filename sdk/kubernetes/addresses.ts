import { ipv4Network, ipv4Text } from "../core/ipv4.ts";

/** Addresses of pods: 256 on each node. */
export const PODS = "10.244.0.0/16";
/** Addresses of Kubernetes' services. */
export const SERVICES = "10.96.0.0/16";
/** The port of the API server, on the machine. */
export const API_PORT = 6443;

/** The networks of a cluster, beside that of its machines. */
export interface ClusterNetworks {
  /** The pods' addresses: 16 bits. */
  readonly pods: string;
  /** The addresses of Kubernetes' services: 12 to 24 bits. */
  readonly services: string;
}

/** The address of the API server among the services: the first (kube-apiserver, --service-cluster-ip-range). */
export function apiAddress({ services }: ClusterNetworks): string {
  return ipv4Text((ipv4Network(services)?.first ?? 0) + 1);
}

/** The address that pods ask for names: the tenth, as kubeadm has it. Who installs a name server gives it this address. */
export function nameServerAddress({ services }: ClusterNetworks): string {
  return ipv4Text((ipv4Network(services)?.first ?? 0) + 10);
}
