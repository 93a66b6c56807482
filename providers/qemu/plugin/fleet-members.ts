import { createHash, randomBytes } from "node:crypto";
import { canonicalJson } from "../../../sdk/core/json.ts";
import type { OnProgress } from "../../../sdk/core/progress.ts";
import type { Properties } from "../../../sdk/plugin/value.ts";
import { type FleetInputs, machineInputs, networkOfAll } from "./fleet-inputs.ts";
import { listMachineFolders, type MachineFolder, type MachineRecord } from "./machine-folder.ts";
import { isAlive } from "./process-id.ts";
import { isOfMachine, type VmInputs } from "./vm-inputs.ts";

/** A machine of a fleet. */
export interface Member {
  readonly folder: MachineFolder & { readonly record: MachineRecord };
  readonly slot: number;
  readonly generation: string;
}

/** A fleet, as the state that holds it knows it. */
export interface FleetIdentity {
  /** Random, and given to the engine when the fleet was created: see `newId`. */
  readonly id: string;
  /** Ids of the machines that the state lists. @default none */
  readonly machines?: readonly string[] | undefined;
}

/** Says at a refresh that a machine of the state does not run. */
export function sayStopped(name: string, progress: OnProgress): void {
  progress({ stage: "drift", message: `${name} does not run, and the next update starts it`, lasting: true });
}

/** All machines of a fleet, ordered by number. A number has two while its machine is being replaced. */
export async function findMembers(stateDir: string, fleet: FleetIdentity): Promise<Member[]> {
  const found = (await listMachineFolders(stateDir)).flatMap((folder): Member[] => {
    const { record } = folder;
    return record?.member && isOf(fleet, folder.id, record) ? [{ folder: { ...folder, record }, ...record.member }] : [];
  });
  return found.sort((a, b) => a.slot - b.slot || (a.folder.id < b.folder.id ? -1 : 1));
}

/**
 * The owner of a machine is the fleet's id. Earlier versions wrote a hash of 16 digits instead, whose first half is in the id
 * of the fleet that it belongs to.
 */
function isOf({ id, machines = [] }: FleetIdentity, machine: string, { owner = "" }: MachineRecord): boolean {
  if (owner === id) return true;
  return /^[0-9a-f]{16}$/.test(owner) && (machines.includes(machine) || id.split("-").at(-2) === owner.slice(0, 8));
}

/** Whether a machine exists and runs. */
export async function runs(folder: MachineFolder | undefined): Promise<boolean> {
  const machine = folder?.record?.machine;
  return machine !== undefined && folder?.record?.phase === "running" && (await isAlive(machine));
}

/** A salted hash of everything that a machine with that number is made of. It includes secrets and does not reveal them. */
export function newGeneration(fleet: FleetInputs, slot: number): string {
  return generation(fleet, slot, randomBytes(16).toString("hex"));
}

/** Whether a machine was made of exactly these inputs. */
export function isOfGeneration(member: Member, fleet: FleetInputs): boolean {
  return member.generation === generation(fleet, member.slot, member.generation.split(":")[0] ?? "");
}

function generation(fleet: FleetInputs, slot: number, salt: string): string {
  const what = Object.fromEntries(Object.entries(machineInputs(fleet, slot)).filter(([name]) => isOfMachine(name)));
  return `${salt}:${createHash("sha256").update(salt).update(canonicalJson(what)).digest("hex")}`;
}

/** The inputs of a fleet that is imported, as its machines recorded them: without user data and secrets. */
export function importedFleet(id: string, members: readonly Member[]): Properties {
  const [first] = members;
  const { disks: _disks, waitForHealth: _wait, network, ...machine } = (first?.folder.record.inputs ?? {}) as Partial<VmInputs>;
  const count = new Set(members.map(({ slot }) => slot)).size;
  return {
    ...{ kind: "qemu", fleet: id.replace(/(-[0-9a-f]{8}){2}$/, ""), count, ...machine },
    ...(network && { network: networkOfAll(network, first?.slot ?? 0, count) }),
  } as Properties;
}
