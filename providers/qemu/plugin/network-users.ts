import { invalid } from "../../../sdk/core/failure.ts";
import { listMachineFolders } from "./machine-folder.ts";
import { hasEnded, isAlive } from "./process-id.ts";
import type { VmInputs } from "./vm-inputs.ts";

/** A machine's place in a network. */
type Place = NonNullable<VmInputs["network"]>;

/** A machine that runs in a network, or is being started there. */
export interface NetworkUser {
  readonly id: string;
  /** Its address there, with the bits of the network. */
  readonly address: string;
}

/** The machines of this host in the network with this socket. */
export async function usersOfNetwork(socket: string, stateDir: string): Promise<NetworkUser[]> {
  const users: NetworkUser[] = [];
  for (const { id, record } of await listMachineFolders(stateDir)) {
    const { network } = (record?.inputs ?? {}) as { readonly network?: Place };
    if (!record || network?.socket !== socket) continue;
    const { machine, maker, phase } = record;
    if (machine ? await isAlive(machine) : phase !== "running" && !(await hasEnded(maker))) users.push({ id, address: network.address });
  }
  return users;
}

/**
 * Two machines of one address would take each other's connections. The engine starts what is new before it ends what a program no
 * longer has, so a program alone cannot exclude it.
 *
 * @param own the id of the machine that is to have the address
 * @throws INVALID_DEFINITION if another machine has it
 */
export async function checkAddress({ socket, address }: Place, own: string, stateDir: string): Promise<void> {
  const other = (await usersOfNetwork(socket, stateDir)).find((user) => user.id !== own && user.address === address);
  if (!other) return;
  throw invalid(
    "network.address",
    `got ${address}, which the machine ${other.id} has: wanted another address; or end that machine, or move it, in an update of its own before this one`,
  );
}
