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

type Place = NonNullable<VmInputs["network"]>;

/** The machines of this host in a network, each with its place there. */
async function machinesIn({ stateDir }: HostFolders, socket: string) {
  return (await listMachineFolders(stateDir)).flatMap((folder) => {
    const { member, network } = (folder.record?.inputs ?? {}) as Partial<Pick<VmInputs, "member" | "network">>;
    return network?.socket === socket ? [{ folder, member, network }] : [];
  });
}

async function runs({ record }: MachineFolder): Promise<boolean> {
  return record?.machine !== undefined && (await isAlive(record.machine));
}

/** The folder of the running machine that has this place. */
async function runningFolder(folders: HostFolders, { socket, hostname }: Place): Promise<string> {
  for (const { folder, network } of await machinesIn(folders, socket))
    if (network.hostname === hostname && (await runs(folder))) return folder.path;
  throw new LinuxKitError("NOT_FOUND", `${hostname}: its machine does not run`, { what: hostname });
}

/** The machines of this kind in a network of this host. A machine that is being replaced is one of them once. */
async function nodesOf(folders: HostFolders, kind: string, socket: string): Promise<readonly ClusterNode[]> {
  const found = new Map<string, ClusterNode>();
  for (const { folder, member, network } of await machinesIn(folders, socket)) {
    if (member?.kind !== kind) continue;
    const node = await nodeOf(folder, network, member.role);
    if (node.running || !found.has(node.name)) found.set(node.name, node);
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function nodeOf(folder: MachineFolder, { hostname, address }: Place, role: string): Promise<ClusterNode> {
  const publish = asPublications(folder.record?.publish ?? []);
  const ports = publish.map(({ guestPort, protocol, address: at, hostPort }): [string, string] => [
    `${guestPort}/${protocol}`,
    `${at === "0.0.0.0" ? "127.0.0.1" : at}:${hostPort}`,
  ]);
  return {
    name: hostname,
    address: withoutBits(address),
    role,
    running: await runs(folder),
    ports: Object.fromEntries(ports),
  };
}

function withoutBits(address: string): string {
  return address.replace(/\/.*/, "");
}
