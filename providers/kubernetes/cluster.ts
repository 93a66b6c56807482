import { all, type Input, type Output, output, secret } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import { API_PORT } from "../../sdk/kubernetes/addresses.ts";
import { controlPlane } from "../../sdk/kubernetes/control-plane.ts";
import { etcdImage, programImage } from "../../sdk/kubernetes/images.ts";
import { kubeconfig } from "../../sdk/kubernetes/kubeconfig.ts";
import { ETCD_VOLUME, machineOs, NODE_VOLUME } from "../../sdk/kubernetes/machine-os.ts";
import { node } from "../../sdk/kubernetes/node.ts";
import { nodeImage, proxyImage } from "../../sdk/kubernetes/node-image.ts";
import { ImageBuild } from "../../sdk/resource/image-build.ts";
import type { Image } from "../../sdk/definition/image.ts";
import { QemuCluster } from "../qemu/cluster.ts";
import { Disk } from "../qemu/disk.ts";
import { Machine } from "../qemu/machine.ts";
import { Network } from "../qemu/network.ts";
import { portsOf } from "../qemu/ports-of.ts";
import type { KubernetesClusterArgs } from "./cluster-args.ts";
import { type ClusterPlan, type PlannedMachine, planCluster } from "./cluster-plan.ts";
import { KubernetesKeys } from "./keys.ts";

const DEFAULTS = {
  "control-plane": { memoryMiB: 2048, cpus: 2 },
  worker: { memoryMiB: 1024, cpus: 1 },
} as const;

/** MiB of the disk with what the API server knows: etcd holds 2 GiB at most by default (etcd, --quota-backend-bytes). */
const ETCD_DISK_MIB = 4096;

/**
 * A Kubernetes cluster of machines in QEMU on this host: one control plane, whose etcd, API server, controller manager and scheduler are
 * services of its machine, and workers. All are in a private network. A change of image or version replaces the machines one after
 * the other, the control plane first; each is drained before it stops. `destroy` deletes the disks too.
 */
export class KubernetesCluster extends ComponentResource {
  /** A kubeconfig of the administrator, for the API server's port on this computer: a secret. */
  readonly kubeconfig: Output<string>;
  /** `https://127.0.0.1:PORT` of the API server. */
  readonly server: Output<string>;
  /** Host ports of each machine by its name, then by guest port: `{ "worker-1": { "30080/tcp": 8080 } }`. */
  readonly ports: Output<Readonly<Record<string, Readonly<Record<string, number>>>>>;
  /** The resources behind it. */
  readonly nodes: {
    /** The authorities, and the keys of the machines. */
    readonly keys: KubernetesKeys;
    /** The machines' network. */
    readonly network: Network;
    /** The machines of the control plane. */
    readonly control: readonly Machine[];
    /** The workers. */
    readonly workers: readonly Machine[];
  };

  /** @throws INVALID_DEFINITION */
  constructor(name: string, args: KubernetesClusterArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:KubernetesCluster", name, {}, options);
    const plan = planCluster(`cluster "${name}"`, args);
    const addresses = Object.fromEntries(plan.machines.map((machine) => [machine.name, machine.address]));
    const keys = new KubernetesKeys(
      `${name}-keys`,
      {
        machines: Object.fromEntries(plan.machines.map(({ name: own, address, role }) => [own, { address, role }])),
        ...plan.networks,
        version: args.version,
      },
      { parent: this, additionalSecretOutputs: ["secrets", "administrator", "authorities"] },
    );
    const network = new Network(`${name}-network`, { cidr: plan.cidr, hosts: addresses }, { parent: this });
    const build = (role: PlannedMachine["role"]) =>
      new ImageBuild(`${name}-${role}`, { image: osOf(role, plan, args), format: "kernel+squashfs" }, { parent: this });
    const controlBuild = build("control-plane");
    const workerBuild = plan.machines.length > 1 ? build("worker") : undefined;
    const machines: Machine[] = [];
    for (const [index, machine] of plan.machines.entries()) {
      const isControl = machine.role === "control-plane";
      const given = (isControl ? args.control : args.worker) ?? {};
      const own = DEFAULTS[machine.role];
      const { memoryMiB = own.memoryMiB, cpus = own.cpus, diskMiB = 8192, publish = [], timeoutSeconds = 600 } = given;
      const disk = (serial: string, sizeMiB: number) =>
        new Disk(`${name}-${machine.name}-${serial}`, { sizeMiB, serial }, { parent: this });
      const api = isControl ? [`127.0.0.1:${args.apiPort ?? API_PORT}:${API_PORT}`] : [];
      const member = {
        kind: "kubernetes",
        role: machine.role,
        settings: { version: args.version },
        keys: all([keys.certificate, keys.administrator]).apply(([ca, pair]) => ({ ca, ...pair })),
      };
      machines.push(
        new Machine(
          `${name}-${machine.name}`,
          {
            build: isControl ? controlBuild : (workerBuild as ImageBuild),
            ...{ memoryMiB, cpus, network, hostname: machine.name, timeoutSeconds },
            disks: [disk(NODE_VOLUME, diskMiB), ...(isControl ? [disk(ETCD_VOLUME, ETCD_DISK_MIB)] : [])],
            publish: [...api, ...portsOf(publish, isControl ? 0 : index - 1)],
            secrets: keys.secrets.apply((all) => all[machine.name] ?? {}) as Input<
              Readonly<Record<string, Readonly<Record<string, string>>>>
            >,
            // what starts before the API server answers ends, and starts again
            crashLimit: 100,
            transform: { vm: (given) => ({ ...given, member }) },
          },
          // one after the other, also in an update: each waits for the node before
          { parent: this, dependsOn: machines.slice(-1) },
        ),
      );
    }
    // a cluster that is deleted as a whole needs no API server for that
    new QemuCluster(`${name}-end`, { machines: machines.map(({ nodes }) => nodes.vm.id) }, { parent: this });
    const control = machines.slice(0, 1);
    this.nodes = { keys, network, control, workers: machines.slice(1) };
    const names = plan.machines.map(({ name: own }) => own);
    this.ports = all(Object.fromEntries(machines.map(({ ports }, index) => [names[index] as string, ports])));
    this.server = output(`https://127.0.0.1:${args.apiPort ?? API_PORT}`);
    const access = all([this.server, keys.certificate, keys.administrator, (control[0] as Machine).bootId]);
    this.kubeconfig = secret(access.apply(([server, authority, user]) => kubeconfig(name, { server, authority, user })));
    this.registerOutputs({ kubeconfig: this.kubeconfig, server: this.server, ports: this.ports });
  }
}

/** The OS of the machines of a role. */
function osOf(role: PlannedMachine["role"], { machines, networks }: ClusterPlan, args: KubernetesClusterArgs): Image {
  const { programs, images = {}, pauseImage = "registry.k8s.io/pause:3.10", archives = [] } = args;
  const control = machines.filter((machine) => machine.role === "control-plane");
  const [first] = control as [PlannedMachine];
  const isControl = role === "control-plane";
  const taints =
    isControl && machines.length > control.length ? [{ key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" }] : [];
  const services = node({
    images: {
      node: nodeImage({ programs, networks, pauseImage, archives, taints }),
      proxy: images.proxy ?? proxyImage({ programs }),
    },
    ...{ volume: NODE_VOLUME, pods: networks.pods },
    ...(isControl && { after: "scheduler" }),
  });
  if (!isControl) return machineOs(services, args.image);
  const plane = controlPlane({
    ...{ name: first.name, address: first.address, networks, volume: ETCD_VOLUME },
    images: {
      etcd: images.etcd ?? etcdImage(),
      apiserver: images.apiserver ?? programImage(programs, "kube-apiserver"),
      controllers: images.controllers ?? programImage(programs, "kube-controller-manager"),
      scheduler: images.scheduler ?? programImage(programs, "kube-scheduler"),
    },
  });
  return machineOs([...plane, ...services], args.image);
}
