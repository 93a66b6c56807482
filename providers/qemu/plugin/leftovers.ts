import type { Work } from "../../../sdk/plugin/resource-type.ts";
import { endFleet, findUnfinishedFleets, whileAlone } from "./fleet-journal.ts";
import { findMembers } from "./fleet-members.ts";
import type { HostFolders } from "./host-folders.ts";
import { findLeftovers } from "./machine-folder.ts";
import { discard } from "./start.ts";

/**
 * Ends what killed runs of any stack were creating: machines and fleets whose id no engine ever got, so that no state can
 * hold them. A machine whose creation has ended is never among them, whatever became of its stack.
 *
 * @param except the URN of a fleet whose creation goes on
 */
export async function clearLeftovers(
  folders: HostFolders,
  { signal, progress }: Pick<Work, "signal" | "progress">,
  { except }: { readonly except?: string } = {},
): Promise<void> {
  const { stateDir } = folders;
  const fleets = async () => (await findUnfinishedFleets(stateDir)).filter(({ urn }) => urn !== except);
  if ((await findLeftovers(stateDir)).length === 0 && (await fleets()).length === 0) return;
  const clear = async (id: string): Promise<void> => {
    progress({ stage: "clear", message: `stopping ${id}, left by an interrupted run` });
    await discard(id, stateDir);
  };
  await whileAlone(folders, signal, async () => {
    for (const { id } of await findLeftovers(stateDir)) await clear(id);
    for (const fleet of await fleets()) {
      for (const { folder } of await findMembers(stateDir, fleet)) await clear(folder.id);
      await endFleet(stateDir, fleet.id);
    }
  });
}
