import type { MachineFolder } from "../../providers/qemu/plugin/machine-folder.ts";
import { atRest } from "./at-rest.ts";
import type { NodeFigures, PartName } from "./column.ts";
import { checkMachine, healthyStatus } from "./machine.ts";
import type { Start } from "./starts.ts";

/** The name of a node, from that of its machine's resource: `bench-m1-vm`. One that is alone is `machine`. */
export function nodeName(urn: string): string {
  const resource = urn.split("::").at(-1) ?? "";
  return resource.replace(/^bench-?/, "").replace(/-?vm$/, "") || "machine";
}

/** What a node is in its cluster. */
export function kindOfNode(name: string): string {
  if (/^m\d+$/.test(name)) return "manager";
  if (name.startsWith("control-")) return "control plane";
  return name.startsWith("worker-") ? "worker" : "machine";
}

/** What starts from a build, by its resource's name. */
export function kindOfBuild(part: PartName, name: string): string {
  if (part === "swarm") return "manager";
  if (part !== "kubernetes") return "machine";
  return name.includes("-control-plane") ? "control plane" : "worker";
}

/** The figures of machines that are at rest, by name, and the one kernel of all. */
export async function nodesAtRest(
  machines: readonly MachineFolder[],
  starts: ReadonlyMap<string, Start>,
  stateDir: string,
  signal: AbortSignal,
): Promise<{ readonly nodes: readonly NodeFigures[]; readonly kernel: string; readonly accelerator: string }> {
  const nodes: NodeFigures[] = [];
  const [kernels, accelerators] = [new Set<string>(), new Set<string>()];
  for (const { id, record } of machines) {
    const start = starts.get(id);
    if (!record || !start) throw new Error(`${id}: got a machine whose start was not seen, wanted each of this stack`);
    const status = await healthyStatus(id, stateDir, signal);
    await checkMachine(id, status, stateDir, signal);
    // the record has all inputs but secrets
    const { memoryMiB } = record.inputs as unknown as { readonly memoryMiB: number };
    const name = nodeName(record.urn);
    nodes.push({ name, kind: kindOfNode(name), memoryMiB, ready: start.ready - start.began, ...atRest(memoryMiB, status) });
    kernels.add(status.kernel);
    accelerators.add(record.accelerator);
  }
  return {
    nodes: nodes.sort((a, b) => (a.name < b.name ? -1 : 1)),
    kernel: only("kernels", kernels),
    accelerator: only("accelerators", accelerators),
  };
}

function only(what: string, found: ReadonlySet<string>): string {
  const [first, ...others] = found;
  if (first === undefined || others.length > 0)
    throw new Error(`${what}: got ${[...found].join(", ") || "none"}, wanted one for all machines`);
  return first;
}
