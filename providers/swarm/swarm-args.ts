import type { DockerArgs } from "../../sdk/docker/docker.ts";
import type { Image } from "../../sdk/definition/image.ts";
import type { MachineArgs } from "../qemu/machine.ts";

/** What the machines of a swarm have in common. */
export interface SwarmMachineArgs
  extends Pick<MachineArgs, "memoryMiB" | "cpus" | "timeoutSeconds" | "crashLimit" | "rollBack" | "keepOnFailure"> {
  /**
   * Ports of the first node, `[ADDRESS:]HOST:GUEST[/tcp|udp]`; each further node gets the next host port, and host port 0 is any free
   * one. A port that a service of the swarm publishes answers on every node.
   * @default none
   * @example ["8080:8080"]
   */
  readonly publish?: readonly string[] | undefined;
  /** MiB of the disk of each node, which has images, volumes and the node's identity. @default 8192 @example 20480 */
  readonly diskMiB?: number | undefined;
}

/** The private network of the nodes. */
export interface SwarmNetworkArgs {
  /** The IPv4 network. @example "10.77.0.0/24" */
  readonly cidr: string;
}

/** Arguments of {@link SwarmCluster}. */
export interface SwarmClusterArgs {
  /** How many managers: 1, 3, 5 or 7. An even number survives the loss of no more of them than the one below it. @example 3 */
  readonly managers: number;
  /** How many workers, at most 100. Managers run tasks too. @default 0 @example 2 */
  readonly workers?: number | undefined;
  /** The OS to which the engine is added. @default Debian's kernel and init, with DHCP */
  readonly image?: Image | undefined;
  /** Images that every node has, addresses of its own networks, and settings of the engine, as for `docker()`. @default none */
  readonly docker?: Pick<DockerArgs, "images" | "network" | "daemon"> | undefined;
  /** What the machines have in common. @default 1024 MiB of memory, 1 processor, no published ports */
  readonly machine?: SwarmMachineArgs | undefined;
  /** The private network of the nodes, of 8 to 24 bits. @default { cidr: "10.77.0.0/24" } */
  readonly network?: SwarmNetworkArgs | undefined;
  /**
   * The IPv4 network, of at most 20 bits, from which overlay networks take 256 addresses each. A swarm that exists keeps its own.
   * @default "10.20.0.0/16"
   */
  readonly overlays?: string | undefined;
  /**
   * Whether managers encrypt what they keep with a key that is on no disk of theirs: `unlockKey`. A manager that restarts is
   * then locked until the next update, unless the update itself has restarted it.
   * @default false, as Docker has it
   */
  readonly autolock?: boolean | undefined;
}
