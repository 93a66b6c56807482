import type { ClusterKinds, ClusterMember, ClusterNode, Kept } from "../../../sdk/cluster/plugin/member.ts";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import type { HostFolders } from "./host-folders.ts";
import { listMachineFolders, type MachineFolder } from "./machine-folder.ts";
import { isAlive } from "./process-id.ts";
import type { VmInputs } from "./vm-inputs.ts";
import { runInService } from "./run-in-service.ts";
import { asPublications } from "./vm-outputs.ts";

/** The place of a machine in its cluster; undefined if it has none. */
export async function memberOf(
  kinds: ClusterKinds,
  { member, network }: Pick<VmInputs, "member" | "network">,
  kept: Kept,
  folders: HostFolders,
): Promise<ClusterMember | undefined> {
  if (!member || !network) return undefined;
  const load = Object.hasOwn(kinds, member.kind) ? kinds[member.kind] : undefined;
  if (!load) {
    const known = Object.keys(kinds).join(", ");
    throw new LinuxKitError("INVALID_DEFINITION", `member.kind: got "${member.kind}", wanted one of ${known}`, { path: "member.kind" });
  }
  const open = await load();
  return open({
    ...{ name: network.hostname, address: withoutBits(network.address), inputs: member, kept },
    nodes: () => nodesOf(folders, member.kind, network.socket),
    run: async (command) => runInService(await runningFolder(folders, network), command),
  });
}

/** The folder of the running machine that has this place. */
async function runningFolder({ stateDir }: HostFolders, { socket, hostname }: NonNullable<VmInputs["network"]>): Promise<string> {
  for (const { path, record } of await listMachineFolders(stateDir)) {
    const { network } = (record?.inputs ?? {}) as Partial<Pick<VmInputs, "network">>;
    if (network?.socket === socket && network.hostname === hostname && record?.machine && (await isAlive(record.machine))) return path;
  }
  throw new LinuxKitError("NOT_FOUND", `${hostname}: its machine does not run`, { what: hostname });
}

/** The machines of this kind in a network of this host. A machine that is being replaced is one of them once. */
async function nodesOf({ stateDir }: HostFolders, kind: string, socket: string): Promise<readonly ClusterNode[]> {
  const found = new Map<string, ClusterNode>();
  for (const folder of await listMachineFolders(stateDir)) {
    const { member, network } = (folder.record?.inputs ?? {}) as Partial<Pick<VmInputs, "member" | "network">>;
    if (member?.kind !== kind || network?.socket !== socket) continue;
    const node = await nodeOf(folder, network, member.role);
    if (node.running || !found.has(node.name)) found.set(node.name, node);
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function nodeOf(folder: MachineFolder, { hostname, address }: NonNullable<VmInputs["network"]>, role: string): Promise<ClusterNode> {
  const { machine } = folder.record ?? {};
  const publish = asPublications(folder.record?.publish ?? []);
  const ports = publish.map(({ guestPort, protocol, address: at, hostPort }): [string, string] => [
    `${guestPort}/${protocol}`,
    `${at === "0.0.0.0" ? "127.0.0.1" : at}:${hostPort}`,
  ]);
  return {
    name: hostname,
    address: withoutBits(address),
    role,
    running: machine !== undefined && (await isAlive(machine)),
    ports: Object.fromEntries(ports),
  };
}

function withoutBits(address: string): string {
  return address.replace(/\/.*/, "");
}
