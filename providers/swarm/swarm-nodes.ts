import { ipv4Network, ipv4Text, ipv4sOverlap } from "../../sdk/core/ipv4.ts";
import { type Failure, failure } from "../../sdk/core/failure.ts";
import { shown } from "../../sdk/core/shown.ts";
import { parsePublication } from "../../sdk/definition/publication.ts";
import type { SwarmClusterArgs } from "./swarm-args.ts";

/** A node, before it has a machine. */
export interface PlannedNode {
  readonly name: string;
  readonly role: "manager" | "worker";
  readonly address: string;
  /** Its number among all nodes, from 0: the first manager. */
  readonly index: number;
}

const MOST_MANAGERS = 7;
const MOST_WORKERS = 100;

/** Where the addresses of managers and of workers begin: a node keeps its own when others come and go. */
const FIRST = { manager: 10, worker: 100 } as const;

/** The nodes of a swarm in the order in which they are replaced. */
export function plannedNodes(managers: number, workers: number, cidr: string): readonly PlannedNode[] {
  const { first } = ipv4Network(cidr) as { readonly first: number };
  const some = (role: PlannedNode["role"], count: number) =>
    Array.from({ length: count }, (_, number) => ({
      ...{ name: `${role === "manager" ? "m" : "w"}${number + 1}`, role, address: ipv4Text(first + FIRST[role] + number + 1) },
      // the ports of a node stay when managers are added
      index: role === "manager" ? number : MOST_MANAGERS + number,
    }));
  return [...some("manager", managers), ...some("worker", workers)];
}

/** What is wrong with the arguments of a swarm. */
export function swarmFailures({ managers, workers = 0, network, overlays = OVERLAYS, machine }: SwarmClusterArgs): Failure[] {
  const failures: Failure[] = [];
  if (!Number.isInteger(managers) || managers < 1 || managers > MOST_MANAGERS || managers % 2 === 0)
    failures.push(
      failure(
        ["managers"],
        `got ${shown(managers)}, wanted 1, 3, 5 or 7${managers % 2 === 0 ? `: ${managers} survive the loss of no more of them than ${managers - 1}` : ""}`,
      ),
    );
  if (!Number.isInteger(workers) || workers < 0 || workers > MOST_WORKERS)
    failures.push(failure(["workers"], `got ${shown(workers)}, wanted a whole number from 0 to ${MOST_WORKERS}`));
  const lan = ipv4Network(String(network?.cidr ?? CIDR));
  if (!lan || lan.bits < 8 || lan.bits > 24)
    failures.push(failure(["network", "cidr"], `got ${shown(network?.cidr)}, wanted an IPv4 network of 8 to 24 bits, as "${CIDR}"`));
  const pool = ipv4Network(String(overlays));
  if (!pool || pool.bits < 8 || pool.bits > 20)
    failures.push(failure(["overlays"], `got ${shown(overlays)}, wanted an IPv4 network of 8 to 20 bits, as "${OVERLAYS}"`));
  if (lan && pool && ipv4sOverlap(lan, pool))
    failures.push(failure(["overlays"], `got ${shown(overlays)}, which the network of the nodes overlaps, wanted another`));
  for (const [index, text] of (machine?.publish ?? []).entries()) {
    const read = parsePublication(text);
    if ("problem" in read) failures.push(failure(["machine", "publish", index], `got ${shown(text)}, wanted ${read.wanted}`));
  }
  return failures;
}

/** The network of the nodes, and that of the overlay networks, where the program names none. */
export const CIDR = "10.77.0.0/24";
export const OVERLAYS = "10.20.0.0/16";
