import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { type Authority, authorityOf, type KeyPair, makeAuthority } from "../api/certificate.ts";
import { API_PORT, apiAddress, type ClusterNetworks } from "./addresses.ts";
import { kubeconfig } from "./kubeconfig.ts";

/** A machine that is to have keys. */
export interface KeyHolder {
  /** Its address in the machines' network. */
  readonly address: string;
  readonly role: "control-plane" | "worker";
  /** Further names and addresses by which clients reach it. */
  readonly names: readonly string[];
  readonly addresses: readonly string[];
}

/** The authorities of a cluster. Whoever has the key of `cluster` is root on all of its machines. */
export interface Authorities {
  /** Signs the certificates of the API servers, of nodes and of every client. */
  readonly cluster: KeyPair;
  /** Signs those of etcd and of its only clients, the API servers. */
  readonly etcd: KeyPair;
  /** Signs that by which an API server hands on a request to another one (kubernetes.io, "Configure the Aggregation Layer"). */
  readonly frontProxy: KeyPair;
  /** Signs the tokens of service accounts, as PEM. */
  readonly serviceAccounts: string;
}

/** Secrets of a machine, by service and by name. */
export type MachineSecrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What issues certificates of a cluster, and for how long. */
export interface Issuer {
  readonly authorities: Authorities;
  readonly networks: ClusterNetworks;
  readonly days: number;
  readonly now?: Date;
}

/** New authorities, valid for `days`. */
export function makeAuthorities(days: number, now?: Date): Authorities {
  const pair = (name: string): KeyPair => {
    const { certificate, key } = makeAuthority(name, days, now);
    return { certificate, key };
  };
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    cluster: pair("kubernetes"),
    etcd: pair("etcd"),
    frontProxy: pair("front-proxy"),
    serviceAccounts: String(privateKey.export({ type: "pkcs8", format: "pem" })),
  };
}

/** Who may do everything: a member of the group that no rule of the API server limits (kubernetes.io, "Using RBAC Authorization"). */
export function administrator({ authorities, days, now }: Pick<Issuer, "authorities" | "days" | "now">): KeyPair {
  return authorityOf(authorities.cluster, days, now).issue({ name: "administrator", role: "system:masters", use: "client" });
}

/**
 * The secrets of a machine: each service gets what it needs and no more. The key of the cluster's authority is with the
 * controller manager alone, which signs the certificates that kubelets ask for.
 *
 * Source: kubernetes.io, "PKI certificates and requirements".
 */
export function machineSecrets(name: string, holder: KeyHolder, issuer: Issuer): MachineSecrets {
  const cluster = authorityOf(issuer.authorities.cluster, issuer.days, issuer.now);
  const isControl = holder.role === "control-plane";
  // its own API server; on a worker, what leads to one of them
  const server = `https://127.0.0.1:${API_PORT}`;
  const config = (user: string, group?: string): string =>
    kubeconfig("cluster", {
      servers: [server],
      authority: cluster.certificate,
      user: cluster.issue({ name: user, ...(group !== undefined && { role: group }), use: "client" }),
    });
  const serving = cluster.issue({
    name: `system:node:${name}`,
    role: "system:nodes",
    use: "server",
    names: [name],
    addresses: [holder.address],
  });
  return {
    ...(isControl && controlSecrets(name, holder, issuer, cluster, config)),
    node: {
      "ca.crt": cluster.certificate,
      "kubelet.crt": serving.certificate,
      "kubelet.key": serving.key,
      // the name and the group by which NodeRestriction and the node authorizer know whose it is
      "kube.conf": config(`system:node:${name}`, "system:nodes"),
    },
    proxy: { "kube.conf": config("system:kube-proxy") },
  };
}

function controlSecrets(
  name: string,
  { address, names, addresses }: KeyHolder,
  { authorities, networks, days, now }: Issuer,
  cluster: Authority,
  config: (user: string) => string,
): MachineSecrets {
  const etcd = authorityOf(authorities.etcd, days, now);
  const frontProxy = authorityOf(authorities.frontProxy, days, now).issue({ name: "front-proxy-client", use: "client" });
  const member = etcd.issue({ name, use: "peer", names: [name, "localhost"], addresses: [address, "127.0.0.1"] });
  const store = etcd.issue({ name: "kube-apiserver-etcd-client", use: "client" });
  const kubelets = cluster.issue({ name: "kube-apiserver-kubelet-client", role: "system:masters", use: "client" });
  const services = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];
  const api = cluster.issue({
    name: "kube-apiserver",
    use: "server",
    names: [...new Set([...services, "localhost", name, ...names])],
    addresses: [...new Set([apiAddress(networks), "127.0.0.1", address, ...addresses])],
  });
  return {
    etcd: { "ca.crt": etcd.certificate, "tls.crt": member.certificate, "tls.key": member.key },
    apiserver: {
      "ca.crt": cluster.certificate,
      "tls.crt": api.certificate,
      "tls.key": api.key,
      "kubelet.crt": kubelets.certificate,
      "kubelet.key": kubelets.key,
      "etcd-ca.crt": etcd.certificate,
      "etcd.crt": store.certificate,
      "etcd.key": store.key,
      "proxy-ca.crt": authorities.frontProxy.certificate,
      "proxy.crt": frontProxy.certificate,
      "proxy.key": frontProxy.key,
      "accounts.key": authorities.serviceAccounts,
      "accounts.pub": publicKey(authorities.serviceAccounts),
    },
    controllers: {
      "ca.crt": cluster.certificate,
      "ca.key": cluster.key,
      "accounts.key": authorities.serviceAccounts,
      "kube.conf": config("system:kube-controller-manager"),
    },
    scheduler: { "kube.conf": config("system:kube-scheduler") },
  };
}

function publicKey(key: string): string {
  return String(createPublicKey(key).export({ type: "spki", format: "pem" }));
}
