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

/** Every machine of a fleet, in the order of their numbers; where one was being replaced there are two of a number. */
export async function findMembers(stateDir: string, owner: string): Promise<Member[]> {
  const found = (await listMachineFolders(stateDir)).flatMap((folder): Member[] => {
    const { record } = folder;
    return record?.member && record.owner === owner ? [{ folder: { ...folder, record }, ...record.member }] : [];
  });
  return found.sort((a, b) => a.slot - b.slot || (a.folder.id < b.folder.id ? -1 : 1));
}

/** Whether a machine is there and runs. */
export async function runs(folder: MachineFolder | undefined): Promise<boolean> {
  const machine = folder?.record?.machine;
  return machine !== undefined && folder?.record?.phase === "running" && (await isAlive(machine));
}

/** What a machine with that number is made of, secrets included, so that nothing of them can be read from it. */
export function newGeneration(fleet: FleetInputs, slot: number): string {
  return generation(fleet, slot, randomBytes(16).toString("hex"));
}

/** Whether a machine was made of just that. */
export function isOfGeneration(member: Member, fleet: FleetInputs): boolean {
  return member.generation === generation(fleet, member.slot, member.generation.split(":")[0] ?? "");
}

function generation(fleet: FleetInputs, slot: number, salt: string): string {
  const what = Object.fromEntries(Object.entries(machineInputs(fleet, slot)).filter(([name]) => !isBootFile(name)));
  return `${salt}:${createHash("sha256").update(salt).update(canonicalJson(what)).digest("hex")}`;
}
