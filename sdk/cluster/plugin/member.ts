import type { OnProgress } from "../../core/progress.ts";
import type { MemberInputs } from "./member-inputs.ts";

/** A machine of a cluster, as its host knows it. */
export interface ClusterNode {
  /** Its name in the network. */
  readonly name: string;
  /** Its address in the network, without the network's bits. @example "10.77.0.11" */
  readonly address: string;
  readonly role: string;
  /** Whether the machine runs. */
  readonly running: boolean;
  /** Where it answers on this host, by the guest's port: `{ "2376/tcp": "127.0.0.1:40001" }`. */
  readonly ports: Readonly<Record<string, string>>;
}

/** What the stack's state keeps of a member: secrets, by name. */
export type Kept = Readonly<Record<string, string>>;

/** One call for one member. */
export interface MemberWork {
  /** Aborted by Ctrl-C and when the time of the call is over. A member that throws on it has undone what it began. */
  readonly signal: AbortSignal;
  /** Seconds of the whole call, for messages and for limits of parts of it. */
  readonly seconds: number;
  readonly progress: OnProgress;
}

/** A command in a service of a machine. */
export interface ServiceCommand {
  readonly service: string;
  /** The program, found as the service's own PATH says, and its arguments. */
  readonly command: readonly string[];
  readonly signal: AbortSignal;
}

/** The member that a call is about. */
export interface MemberPlace {
  /** Its name in the network. */
  readonly name: string;
  /** Its address in the network, without the network's bits. */
  readonly address: string;
  readonly inputs: MemberInputs;
  /** What the latest `rejoin` returned; empty before the first. */
  readonly kept: Kept;
  /** All machines of this kind in its network, its own among them if it exists. They are looked up at each call. */
  readonly nodes: () => Promise<readonly ClusterNode[]>;
  /** Runs a command in a service of its own running machine, with the service's user and limits. */
  readonly run: (command: ServiceCommand) => Promise<{ readonly status: number; readonly printed: string }>;
}

/**
 * The place of one machine in a cluster. The plugin keeps it: no guest decides by itself that it joins or leaves, and what lets it
 * join passes through no input and no output.
 */
export interface ClusterMember {
  /**
   * Before its running machine stops for another image: refuses where the cluster would stop to work without it, and moves its work to
   * other nodes. If it rejects, the node works as before.
   */
  prepare(work: MemberWork): Promise<void>;
  /**
   * After its machine is healthy. The first time it founds or joins the cluster. Later it waits until the node is ready and
   * takes work again. It may be called for a node that is ready already. If it rejects, the machine is ended, and an old image
   * of it that is there is started again and rejoins.
   */
  rejoin(work: MemberWork): Promise<Kept>;
  /** Before its machine is deleted, whether or not it runs: refuses where the cluster would stop to work without it, and takes it out. */
  leave(work: MemberWork): Promise<void>;
}

/** A kind of cluster: opens the place of one machine. It does nothing yet. */
export type OpenMember = (place: MemberPlace) => ClusterMember;

/** The kinds of clusters by name. Each is loaded when a machine needs it. */
export type ClusterKinds = Readonly<Record<string, () => Promise<OpenMember>>>;
