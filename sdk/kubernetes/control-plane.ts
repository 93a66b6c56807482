import type { ImageSource } from "../definition/debian-image.ts";
import { Service } from "../definition/service.ts";
import type { ServiceArgs } from "../definition/service-args.ts";
import { API_PORT, type ClusterNetworks } from "./addresses.ts";

/** Where a service finds its secrets. */
const SECRETS = "/run/secrets";

/** Images of the control plane's services. */
export interface ControlPlaneImages {
  readonly etcd: ImageSource;
  readonly apiserver: ImageSource;
  readonly controllers: ImageSource;
  readonly scheduler: ImageSource;
}

/** What the services of a control plane are made of. */
export interface ControlPlane {
  /** The machine's name and address. */
  readonly name: string;
  readonly address: string;
  /** All machines of the control plane, itself among them: the members of etcd. */
  readonly members: readonly { readonly name: string; readonly address: string }[];
  readonly networks: ClusterNetworks;
  readonly images: ControlPlaneImages;
  /** The name of the persistent volume with etcd's data. */
  readonly volume: string;
}

/**
 * etcd, the API server, the controller manager and the scheduler, each with only its own secrets and none with a capability. They
 * have the machine's network: nodes reach the API server there, and it reaches kubelets and pods.
 *
 * Source: kubernetes.io, "Kubernetes Components", and the reference of each program's flags.
 */
export function controlPlane(given: ControlPlane): Service[] {
  return [etcd(given), apiserver(given), controllers(given), scheduler(given)];
}

const COMMON = { net: "host", tmpfs: ["/tmp"], restart: "always" } as const satisfies Partial<ServiceArgs>;

/** What a program is started with: names of flags and their values. */
function command(program: string, flags: Readonly<Record<string, string | number>>): string[] {
  return [program, ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`)];
}

/** A service's secrets, whose values come with the machine. */
function named(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, ""]));
}

function etcd({ name, address, members, images, volume }: ControlPlane): Service {
  const keys = { "cert-file": `${SECRETS}/tls.crt`, "key-file": `${SECRETS}/tls.key`, "trusted-ca-file": `${SECRETS}/ca.crt` };
  const peerKeys = Object.fromEntries(Object.entries(keys).map(([flag, file]) => [`peer-${flag}`, file]));
  return new Service("etcd", {
    ...COMMON,
    image: images.etcd,
    command: command("etcd", {
      name,
      "data-dir": "/var/lib/etcd/data",
      "listen-client-urls": "https://127.0.0.1:2379",
      "advertise-client-urls": "https://127.0.0.1:2379",
      "listen-peer-urls": `https://${address}:2380`,
      "initial-advertise-peer-urls": `https://${address}:2380`,
      "initial-cluster": members.map((member) => `${member.name}=https://${member.address}:2380`).join(),
      // health and metrics alone, in the clear
      "listen-metrics-urls": "http://127.0.0.1:2381",
      ...keys,
      ...peerKeys,
      "client-cert-auth": "true",
      "peer-client-cert-auth": "true",
    }),
    env: { ETCDCTL_API: "3", ETCDCTL_CACERT: keys["trusted-ca-file"], ETCDCTL_CERT: keys["cert-file"], ETCDCTL_KEY: keys["key-file"] },
    binds: [`${volume}:/var/lib/etcd`],
    secrets: named("ca.crt", "tls.crt", "tls.key"),
    health: { http: { port: 2381, path: "/health" }, timeout: 10, retries: 20 },
    stopTimeout: 30,
  });
}

function apiserver({ address, networks, images }: ControlPlane): Service {
  const file = (name: string): string => `${SECRETS}/${name}`;
  return new Service("apiserver", {
    ...COMMON,
    image: images.apiserver,
    uid: "apiserver",
    command: command("kube-apiserver", {
      "advertise-address": address,
      "secure-port": API_PORT,
      "allow-privileged": "true",
      "authorization-mode": "Node,RBAC",
      // a kubelet changes its own node and the pods on it alone
      "enable-admission-plugins": "NodeRestriction",
      profiling: "false",
      "client-ca-file": file("ca.crt"),
      "tls-cert-file": file("tls.crt"),
      "tls-private-key-file": file("tls.key"),
      "kubelet-certificate-authority": file("ca.crt"),
      "kubelet-client-certificate": file("kubelet.crt"),
      "kubelet-client-key": file("kubelet.key"),
      "kubelet-preferred-address-types": "InternalIP",
      "etcd-servers": "https://127.0.0.1:2379",
      "etcd-cafile": file("etcd-ca.crt"),
      "etcd-certfile": file("etcd.crt"),
      "etcd-keyfile": file("etcd.key"),
      "service-cluster-ip-range": networks.services,
      "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
      "service-account-key-file": file("accounts.pub"),
      "service-account-signing-key-file": file("accounts.key"),
      "requestheader-client-ca-file": file("proxy-ca.crt"),
      "requestheader-allowed-names": "front-proxy-client",
      "requestheader-extra-headers-prefix": "X-Remote-Extra-",
      "requestheader-group-headers": "X-Remote-Group",
      "requestheader-username-headers": "X-Remote-User",
      "proxy-client-cert-file": file("proxy.crt"),
      "proxy-client-key-file": file("proxy.key"),
    }),
    secrets: named(
      ...["ca.crt", "tls.crt", "tls.key", "kubelet.crt", "kubelet.key", "etcd-ca.crt", "etcd.crt", "etcd.key"],
      ...["proxy-ca.crt", "proxy.crt", "proxy.key", "accounts.key", "accounts.pub"],
    ),
    after: ["etcd"],
    // what comes after it would end where it does not answer yet, and so ask it again and again
    health: { https: { port: API_PORT, path: "/readyz", caSecret: "ca.crt" }, timeout: 10, interval: 10, retries: 30 },
    // requests that run have a minute (kube-apiserver, --shutdown-send-retry-after)
    stopTimeout: 60,
  });
}

/** What a client of the local API server is started with. */
const CLIENT = {
  kubeconfig: `${SECRETS}/kube.conf`,
  "authentication-kubeconfig": `${SECRETS}/kube.conf`,
  "authorization-kubeconfig": `${SECRETS}/kube.conf`,
  "bind-address": "127.0.0.1",
  profiling: "false",
};

/** Of several, one works and the others wait for its end (kube-controller-manager, --leader-elect). */
const client = ({ members }: ControlPlane) => ({ ...CLIENT, "leader-elect": String(members.length > 1) });

function controllers(given: ControlPlane): Service {
  const { networks, images } = given;
  return new Service("controllers", {
    ...COMMON,
    image: images.controllers,
    uid: "controllers",
    command: command("kube-controller-manager", {
      ...client(given),
      "root-ca-file": `${SECRETS}/ca.crt`,
      "cluster-signing-cert-file": `${SECRETS}/ca.crt`,
      "cluster-signing-key-file": `${SECRETS}/ca.key`,
      "service-account-private-key-file": `${SECRETS}/accounts.key`,
      "use-service-account-credentials": "true",
      "service-cluster-ip-range": networks.services,
      // a node takes its pods' addresses from its own
      "allocate-node-cidrs": "false",
    }),
    secrets: named("ca.crt", "ca.key", "accounts.key", "kube.conf"),
    after: ["apiserver"],
    health: { tcp: { port: 10257 }, timeout: 10, interval: 2, retries: 150 },
  });
}

function scheduler(given: ControlPlane): Service {
  return new Service("scheduler", {
    ...COMMON,
    image: given.images.scheduler,
    uid: "scheduler",
    command: command("kube-scheduler", client(given)),
    secrets: named("kube.conf"),
    // one after the other: together they ask a new API server for more than a small machine can do
    after: ["controllers"],
    health: { tcp: { port: 10259 }, timeout: 10, interval: 2, retries: 150 },
  });
}
