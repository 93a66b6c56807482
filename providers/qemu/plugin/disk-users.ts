import { realpath } from "node:fs/promises";
import type { DiskAttachment } from "./arguments.ts";
import type { HostFolders } from "./host-folders.ts";
import { listMachineFolders, type MachineFolder } from "./machine-folder.ts";
import { withMonitor } from "./monitor.ts";
import { isAlive } from "./process-id.ts";

/** A machine that runs with a disk. */
export interface DiskUser {
  readonly machine: MachineFolder;
  /** The disk's number among those of the machine. */
  readonly index: number;
}

/** The machines of this host that run with a disk, by whatever path they name it. */
export async function usersOf(path: string, { stateDir }: HostFolders): Promise<DiskUser[]> {
  const file = await resolved(path);
  const users: DiskUser[] = [];
  for (const machine of await listMachineFolders(stateDir)) {
    const { record } = machine;
    if (!record?.machine || !(await isAlive(record.machine))) continue;
    const { disks = [] } = record.inputs as { readonly disks?: readonly DiskAttachment[] };
    const index = (await Promise.all(disks.map(({ path }) => resolved(path)))).indexOf(file);
    if (index >= 0) users.push({ machine, index });
  }
  return users;
}

/** Grows a disk through the machine that uses it, so that its guest sees the new size. False if no running machine uses it. */
export async function growAttached(path: string, size: number, home: HostFolders): Promise<boolean> {
  for (const { machine, index } of await usersOf(path, home)) {
    const grown = await withMonitor(machine.path, async (execute) => {
      await execute("block_resize", { "node-name": `disk${index}`, size });
      return true;
    });
    if (grown) return true;
  }
  return false;
}

function resolved(path: string): Promise<string> {
  return realpath(path).catch(() => path);
}
