import { createHash, randomBytes } from "node:crypto";
import { canonicalJson } from "../../../sdk/core/json.ts";
import { type FleetInputs, machineInputs } from "./fleet-inputs.ts";
import { listMachineFolders, type MachineFolder, type MachineRecord } from "./machine-folder.ts";
import { isAlive } from "./process-id.ts";
import { isBootFile } from "./vm-inputs.ts";

/** A machine of a fleet. */
export interface Member {
  readonly folder: MachineFolder & { readonly record: MachineRecord };
  readonly slot: number;
  readonly generation: string;
}

/** All machines of a fleet, ordered by number. A number has two while its machine is being replaced. */
export async function findMembers(stateDir: string, owner: string): Promise<Member[]> {
  const found = (await listMachineFolders(stateDir)).flatMap((folder): Member[] => {
    const { record } = folder;
    return record?.member && record.owner === owner ? [{ folder: { ...folder, record }, ...record.member }] : [];
  });
  return found.sort((a, b) => a.slot - b.slot || (a.folder.id < b.folder.id ? -1 : 1));
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
  const what = Object.fromEntries(Object.entries(machineInputs(fleet, slot)).filter(([name]) => !isBootFile(name)));
  return `${salt}:${createHash("sha256").update(salt).update(canonicalJson(what)).digest("hex")}`;
}
