import { all, type Input, type Output, output, secret } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import { API_PORT } from "../../sdk/kubernetes/addresses.ts";
import { kubeconfig } from "../../sdk/kubernetes/kubeconfig.ts";
import { ETCD_VOLUME, NODE_VOLUME } from "../../sdk/kubernetes/machine-os.ts";
import { ImageBuild } from "../../sdk/resource/image-build.ts";
import type { Image } from "../../sdk/definition/image.ts";
import { QemuCluster } from "../qemu/cluster.ts";
import { Disk } from "../qemu/disk.ts";
import { Machine } from "../qemu/machine.ts";
import { Network } from "../qemu/network.ts";
import { portsOf } from "../qemu/ports-of.ts";
import type { KubernetesClusterArgs } from "./cluster-args.ts";
import { controlOf, controlOs, workerOs } from "./cluster-os.ts";
import { planCluster } from "./cluster-plan.ts";
import { KubernetesKeys } from "./keys.ts";

const DEFAULTS = {
  "control-plane": { memoryMiB: 2048, cpus: 2 },
  worker: { memoryMiB: 1024, cpus: 1 },
} as const;

/** MiB of the disk with what the API server knows: etcd holds 2 GiB at most by default (etcd, --quota-backend-bytes). */
const ETCD_DISK_MIB = 4096;

/**
 * A Kubernetes cluster of machines in QEMU on this host: a control plane of one or three machines, whose etcd, API server, controller
 * manager and scheduler are services of them, and workers. All are in a private network. A change of image or version replaces the
 * machines one after the other, the control plane first; each is drained before it stops. `destroy` deletes the disks too.
 */
export class KubernetesCluster extends ComponentResource {
  /**
   * A kubeconfig of the administrator, for the API server's port on this computer: a secret. With three, the contexts `NAME-2` and
   * `NAME-3` lead to the others.
   */
  readonly kubeconfig: Output<string>;
  /** `https://127.0.0.1:PORT` of the first API server. */
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
    const { apiPort = API_PORT } = args;
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
    const planned = controlOf(plan);
    const build = (of: string, image: Image) => new ImageBuild(`${name}-${of}`, { image, format: "kernel+squashfs" }, { parent: this });
    const controlBuilds = planned.map((machine, index) =>
      build(index === 0 ? "control-plane" : `control-plane-${index + 1}`, controlOs(machine, plan, args)),
    );
    const workerBuild = plan.machines.length > planned.length ? build("worker", workerOs(plan, args)) : undefined;
    const machines: Machine[] = [];
    for (const [place, machine] of plan.machines.entries()) {
      const isControl = machine.role === "control-plane";
      const index = isControl ? place : place - planned.length;
      const given = (isControl ? args.control : args.worker) ?? {};
      const own = DEFAULTS[machine.role];
      const { memoryMiB = own.memoryMiB, cpus = own.cpus, diskMiB = 8192, publish = [], timeoutSeconds = 600 } = given;
      const disk = (serial: string, sizeMiB: number) =>
        new Disk(`${name}-${machine.name}-${serial}`, { sizeMiB, serial }, { parent: this });
      const api = isControl ? [`127.0.0.1:${apiPort + index}:${API_PORT}`] : [];
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
            build: (isControl ? controlBuilds[index] : workerBuild) as ImageBuild,
            ...{ memoryMiB, cpus, network, hostname: machine.name },
            // those of a control plane wait for each other
            timeoutSeconds: isControl ? timeoutSeconds * planned.length : timeoutSeconds,
            disks: [disk(NODE_VOLUME, diskMiB), ...(isControl ? [disk(ETCD_VOLUME, ETCD_DISK_MIB)] : [])],
            publish: [...api, ...portsOf(publish, index)],
            secrets: keys.secrets.apply((all) => all[machine.name] ?? {}) as Input<
              Readonly<Record<string, Readonly<Record<string, string>>>>
            >,
            // what starts before the API server answers ends, and starts again
            crashLimit: 100,
            transform: { vm: (given) => ({ ...given, member }) },
          },
          // one after the other, also in an update. Those of a control plane are made at once, because no member of a new etcd works
          // alone; the provider replaces them one after the other
          { parent: this, dependsOn: isControl ? [] : index === 0 ? machines.slice() : machines.slice(-1) },
        ),
      );
    }
    // a cluster that is deleted as a whole needs no API server for that
    new QemuCluster(`${name}-end`, { machines: machines.map(({ nodes }) => nodes.vm.id) }, { parent: this });
    const control = machines.slice(0, planned.length);
    this.nodes = { keys, network, control, workers: machines.slice(planned.length) };
    this.ports = all(Object.fromEntries(plan.machines.map(({ name: own }, index) => [own, (machines[index] as Machine).ports])));
    const servers = planned.map((_, index) => `https://127.0.0.1:${apiPort + index}`);
    this.server = output(String(servers[0]));
    const access = all([keys.certificate, keys.administrator, all(control.map(({ bootId }) => bootId))]);
    this.kubeconfig = secret(access.apply(([authority, user]) => kubeconfig(name, { servers, authority, user })));
    this.registerOutputs({ kubeconfig: this.kubeconfig, server: this.server, ports: this.ports });
  }
}
