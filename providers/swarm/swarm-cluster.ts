import { all, type Output, output, secret } from "@pulumi/pulumi/output.js";
import { ComponentResource, type ComponentResourceOptions } from "@pulumi/pulumi/resource.js";
import { ClusterKeys } from "../../sdk/cluster/keys.ts";
import { debian } from "../../sdk/debian/images.ts";
import { Image } from "../../sdk/definition/image.ts";
import { Kernel } from "../../sdk/definition/kernel.ts";
import { OnbootTask } from "../../sdk/definition/onboot-task.ts";
import { Volume } from "../../sdk/definition/volume.ts";
import { swarmEngine } from "../../sdk/docker/docker.ts";
import { ENGINE_PORT, ENGINE_SECRETS } from "../../sdk/docker/engine-services.ts";
import { QemuCluster } from "../qemu/cluster.ts";
import { Disk } from "../qemu/disk.ts";
import { Machine } from "../qemu/machine.ts";
import { MachineImage } from "../qemu/machine-image.ts";
import { Network, refuse } from "../qemu/network.ts";
import { portsOf } from "../qemu/ports-of.ts";
import type { QemuVmArgs } from "../qemu/vm.ts";
import type { SwarmClusterArgs } from "./swarm-args.ts";
import { CIDR, OVERLAYS, type PlannedNode, plannedNodes, swarmFailures } from "./swarm-nodes.ts";

/** The serial of the disk of a node. */
const DATA = "docker";

/** By which a client of the swarm proves itself, as PEM. */
export interface SwarmClient {
  /** The authority that has signed the engines' certificates: `ca.pem` of the docker command. */
  readonly ca: string;
  /** `cert.pem` of the docker command. */
  readonly certificate: string;
  /** `key.pem` of the docker command. */
  readonly key: string;
}

/**
 * A Docker Swarm of QEMU machines on this host. All nodes run one OS; its change replaces them one by one: the node is drained, its
 * machine stops and starts with the new image on the same disk, and takes tasks again when it is ready. A node that does not
 * become ready gets its old image back, and the update fails with the reason. What would cost the swarm its quorum is refused.
 *
 * Join tokens are in no input, output, state, image or log: the provider reads one from a manager, gives it to the node, and
 * replaces it.
 */
export class SwarmCluster extends ComponentResource {
  /** Where each engine answers on this host, by the node's name: `{ m1: "tcp://localhost:40001" }`, a value of DOCKER_HOST. */
  readonly endpoints: Output<Readonly<Record<string, string>>>;
  /** Host ports of each node by its name, then by guest port: `{ m1: { "8080/tcp": 8080 } }`. */
  readonly ports: Output<Readonly<Record<string, Readonly<Record<string, number>>>>>;
  /** By which a client proves itself to the engines; who has it is root on every node. A secret. */
  readonly client: Output<SwarmClient>;
  /** The key that unlocks a manager, a secret; empty without `autolock`. */
  readonly unlockKey: Output<string>;
  /** The resources behind it. */
  readonly nodes: {
    /** What the machines start from. */
    readonly machineImage: MachineImage;
    /** The private network of the nodes. */
    readonly network: Network;
    /** The keys of the engines. */
    readonly keys: ClusterKeys;
    /** The machines by the node's name. */
    readonly machines: Readonly<Record<string, Machine>>;
  };

  /** @throws INVALID_DEFINITION */
  constructor(name: string, args: SwarmClusterArgs, options?: ComponentResourceOptions) {
    super("linuxkit:index:SwarmCluster", name, {}, options);
    const what = `swarm "${name}"`;
    refuse(what, swarmFailures(args));
    const { managers, workers = 0, network: { cidr } = { cidr: CIDR } } = args;
    const planned = plannedNodes(managers, workers, cidr);
    const own = { parent: this };
    const machineImage = new MachineImage(`${name}-image`, { image: osOf(what, args) }, own);
    const hosts = Object.fromEntries(planned.map((node) => [node.name, node.address]));
    const network = new Network(`${name}-lan`, { cidr, hosts }, own);
    const keys = new ClusterKeys(`${name}-keys`, { nodes: Object.keys(hosts) }, own);
    const machines: Record<string, Machine> = {};
    let former: Machine | undefined;
    for (const node of planned) {
      const { publish: _publish, diskMiB = 8192, ...common } = args.machine ?? {};
      const disk = new Disk(`${name}-${node.name}`, { sizeMiB: diskMiB, serial: DATA }, own);
      const machine: Machine = new Machine(
        `${name}-${node.name}`,
        {
          ...{ memoryMiB: 1024, timeoutSeconds: 600, ...common, machineImage, network, hostname: node.name, disks: [disk] },
          publish: [...portsOf(args.machine?.publish ?? [], node.index), `127.0.0.1:0:${ENGINE_PORT}`],
          outbound: true,
          secrets: { docker: secretsOf(keys, node) },
          transform: { vm: { member: placeOf(args, keys, node) } satisfies Partial<QemuVmArgs> },
        },
        // one after the other: a node is stopped only when the one before it is ready again
        { parent: this, dependsOn: former ? [former] : [] },
      );
      machines[node.name] = machine;
      former = machine;
    }
    const ids = Object.values(machines).map(({ nodes }) => nodes.vm.id);
    new QemuCluster(`${name}-end`, { machines: ids }, own);
    this.nodes = { machineImage, network, keys, machines };
    this.ports = all(Object.fromEntries(Object.entries(machines).map(([node, { ports }]) => [node, ports])));
    this.endpoints = this.ports.apply((ports) =>
      Object.fromEntries(Object.entries(ports).map(([node, of]) => [node, `tcp://localhost:${of[`${ENGINE_PORT}/tcp`]}`])),
    );
    this.client = secret(all([keys.ca, keys.client]).apply(([ca, client]) => ({ ca, certificate: client.certificate, key: client.key })));
    this.unlockKey = secret(output(machines["m1"]?.nodes.vm.kept).apply((kept) => kept?.["unlockKey"] ?? ""));
    this.registerOutputs({ endpoints: this.endpoints, ports: this.ports, client: this.client, unlockKey: this.unlockKey });
  }
}

/** The OS of all nodes: who a node is comes with its machine. */
function osOf(what: string, { image, docker }: SwarmClusterArgs): Image {
  const base =
    image ??
    new Image({
      kernel: new Kernel({ image: debian.kernel(), cmdline: "console=ttyS0" }),
      init: [debian.init()],
      onboot: [new OnbootTask("dhcp", { image: debian.dhcp() })],
    });
  const data = new Volume("docker", { persistent: { serial: DATA } });
  return base.with({ volumes: [data], services: swarmEngine(`${what}: docker`, { ...docker, data }) });
}

/** What the machine of a node gives its engine: its own key, and nobody else's. */
function secretsOf(keys: ClusterKeys, { name }: PlannedNode): Output<Record<string, string>> {
  return all([keys.ca, keys.nodes]).apply(
    ([ca, nodes]): Record<string, string> => ({
      [ENGINE_SECRETS.ca]: ca,
      [ENGINE_SECRETS.certificate]: nodes[name]?.certificate ?? "",
      [ENGINE_SECRETS.key]: nodes[name]?.key ?? "",
    }),
  );
}

/** What the provider needs for a node. */
function placeOf({ overlays = OVERLAYS, autolock = false }: SwarmClusterArgs, keys: ClusterKeys, { role }: PlannedNode) {
  const client = all([keys.ca, keys.client]).apply(([ca, { certificate, key }]) => ({ ca, certificate, key }));
  return { kind: "swarm", role, settings: { overlays, autolock }, keys: secret(client) };
}
