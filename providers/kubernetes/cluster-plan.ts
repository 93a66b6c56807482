import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Failure, failure, invalidAll } from "../../sdk/core/failure.ts";
import { type Ipv4Network, ipv4Network, ipv4sOverlap, ipv4Text } from "../../sdk/core/ipv4.ts";
import { shown } from "../../sdk/core/shown.ts";
import { type ClusterNetworks, PODS, SERVICES } from "../../sdk/kubernetes/addresses.ts";
import { kubernetesVersion } from "../../sdk/kubernetes/version.ts";
import type { KubernetesClusterArgs } from "./cluster-args.ts";

/** A machine of a cluster. */
export interface PlannedMachine {
  readonly name: string;
  readonly address: string;
  readonly role: "control-plane" | "worker";
}

/** What a cluster consists of. */
export interface ClusterPlan {
  readonly machines: readonly PlannedMachine[];
  readonly cidr: string;
  readonly networks: ClusterNetworks;
}

/** The network of QEMU by which each machine reaches the outside (qemu(1), "-netdev user"). */
const OUTSIDE = "10.0.2.0/24";
/** The last parts of addresses: those of workers stay when there are more machines of the control plane. */
const FIRST = { "control-plane": 11, worker: 21 } as const;
const MOST_WORKERS = 200;

/** MiB without which a machine cannot have its services: what they were seen to take, and the kernel (docs/clusters.md, "Size and memory of Kubernetes"). */
const LEAST_MEMORY = { control: 1024, worker: 384 } as const;

/** The machines and networks of a cluster. @throws INVALID_DEFINITION */
export function planCluster(what: string, args: KubernetesClusterArgs): ClusterPlan {
  const { machines: cidr = "10.77.0.0/24", pods = PODS, services = SERVICES } = args.network ?? {};
  const failures = [...failuresOf(args), ...networkFailures({ machines: cidr, pods, services })];
  const lines = failures.map(({ path, message }) => `${what}: ${path}: ${message}`);
  if (failures.length > 0) throw invalidAll(failures, undefined, lines);
  const first = ipv4Network(cidr)?.first ?? 0;
  const machine = (role: PlannedMachine["role"], index: number): PlannedMachine => ({
    name: `${role === "worker" ? "worker" : "control"}-${index + 1}`,
    address: ipv4Text(first + FIRST[role] + index),
    role,
  });
  const some = (role: PlannedMachine["role"], length: number) => Array.from({ length }, (_, index) => machine(role, index));
  const machines = [...some("control-plane", args.controlPlane ?? 1), ...some("worker", args.workers ?? 0)];
  return { machines, cidr, networks: { pods, services } };
}

function failuresOf({ version, programs, controlPlane = 1, workers = 0, images = {}, ...given }: KubernetesClusterArgs): Failure[] {
  const own = {
    "kube-apiserver": images.apiserver,
    "kube-controller-manager": images.controllers,
    "kube-scheduler": images.scheduler,
    "kube-proxy": images.proxy,
    kubelet: undefined,
  };
  const missing = Object.entries(own).flatMap(([program, image]) =>
    image === undefined && !existsSync(join(String(programs), program)) ? [program] : [],
  );
  return [
    ...(kubernetesVersion(String(version)) ? [] : [failure(["version"], `got ${shown(version)}, wanted a version such as "1.34.4"`)]),
    ...(missing.length > 0
      ? [
          failure(
            ["programs"],
            `got ${shown(programs)}, which lacks ${missing.join(", ")}: wanted a folder with these programs of Kubernetes ${version}`,
          ),
        ]
      : []),
    ...(controlPlane === 1 || controlPlane === 3 ? [] : [failure(["controlPlane"], `got ${shown(controlPlane)}, wanted 1 or 3`)]),
    ...(Number.isInteger(workers) && workers >= 0 && workers <= MOST_WORKERS
      ? []
      : [failure(["workers"], `got ${shown(workers)}, wanted a whole number from 0 to ${MOST_WORKERS}`)]),
    ...(["control", "worker"] as const).flatMap((machine) => {
      const { memoryMiB } = given[machine] ?? {};
      const least = LEAST_MEMORY[machine];
      return memoryMiB === undefined || memoryMiB >= least
        ? []
        : [failure([machine, "memoryMiB"], `got ${shown(memoryMiB)}, wanted at least ${least}: what its services take, before any pod`)];
    }),
  ];
}

function networkFailures(given: Readonly<Record<"machines" | "pods" | "services", string>>): Failure[] {
  const bits = { machines: [24, 24], pods: [16, 16], services: [12, 24] } as const;
  const failures: Failure[] = [];
  const seen = new Map<string, Ipv4Network>([["QEMU's own network of each machine", ipv4Network(OUTSIDE) as Ipv4Network]]);
  for (const [name, [least, most]] of Object.entries(bits) as ["machines", readonly [number, number]][]) {
    const read = ipv4Network(String(given[name]));
    const path = ["network", name];
    if (!read || read.bits < least || read.bits > most) {
      failures.push(
        failure(path, `got ${shown(given[name])}, wanted an IPv4 network of ${least === most ? least : `${least} to ${most}`} bits`),
      );
      continue;
    }
    for (const [other, taken] of seen)
      if (ipv4sOverlap(read, taken))
        failures.push(failure(path, `got ${shown(given[name])}, which overlaps ${other}: wanted another network`));
    seen.set(`network.${name}`, read);
  }
  return failures;
}
