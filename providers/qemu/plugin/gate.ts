import { dirname } from "node:path";
import { z } from "zod";
import { input } from "../../../sdk/plugin/input.ts";
import type { ResourceType } from "../../../sdk/plugin/resource-type.ts";
import { type Properties, UNKNOWN } from "../../../sdk/plugin/value.ts";
import { lazyBuilder, withArtifactFiles } from "../../../sdk/resource/plugin/artifact-files.ts";
import type { Builder } from "../../../sdk/resource/plugin/builder.ts";
import { type GateParts, gateRoll, gateType, withoutKind } from "../../../sdk/rollout/gate-type.ts";
import { checkFleet, type FleetInputs, fleetInputs, machineInputs } from "./fleet-inputs.ts";
import { beginFleet, endFleet, isBeingCreated } from "./fleet-journal.ts";
import { findMembers, type FleetIdentity, importedFleet, type Member, runs, sayStopped } from "./fleet-members.ts";
import { clearLeftovers } from "./leftovers.ts";
import { fleetRolloutDriver } from "./rollout-driver.ts";
import { newId, removeMachineFolder } from "./machine-folder.ts";
import { defaultHostFolders, foldersOf, type HostFolders, sayMissing } from "./host-folders.ts";
import { stopMachine } from "./stop.ts";
import { addresses, asPublications, describeMachine, vmOutputs } from "./vm-outputs.ts";
import { bootFiles } from "./vm-inputs.ts";

const fleetOutputs = z.object({
  machines: input("The machines, ordered by number.", z.array(vmOutputs.extend({ id: input("The machine's id.", z.string()) })).readonly()),
  urls: input("The `url` of each machine.", z.array(z.string()).readonly()),
  running: input("How many machines run. If fewer than wanted, the next update starts the others again.", z.int()),
});

/** The outputs of a fleet. */
export type FleetOutputs = Readonly<z.output<typeof fleetOutputs>>;

/** Polling interval in seconds, for machines of this host. */
const PACE_SECONDS = 0.5;

/** The gate of a fleet on this host. It owns the machines and replaces them by number, at most `maxUnavailable` at once. */
export function qemuGate(
  folders: HostFolders = defaultHostFolders(),
  loadBuilder: () => Promise<Builder> = lazyBuilder,
): ResourceType<FleetInputs, FleetOutputs> {
  /** Where its machines are, else where the next ones are started. */
  const homeOf = async (id: string, outputs: FleetOutputs | undefined): Promise<HostFolders> => {
    const log = outputs?.machines?.[0]?.consoleLog;
    const home = await foldersOf(folders, log && dirname(dirname(log)), "machines");
    return (await findMembers(home.stateDir, identityOf(id, outputs))).length > 0 ? home : folders;
  };
  const parts: GateParts<FleetInputs, FleetOutputs> = {
    kind: "qemu",
    inputs: fleetInputs,
    outputSchema: fleetOutputs,
    check: ({ inputs, isSecret, oldInputs }) => checkFleet(inputs, isSecret, oldInputs),
    drifted: ({ running }, { count }) => (running === count ? undefined : new Map([["running", "update"]])),
    id: ({ fleet }) => newId(fleet),
    driver: async (wanted, before, { urn, progress, id, oldOutputs }) =>
      fleetRolloutDriver({ urn, fleet: identityOf(id, oldOutputs), wanted, before, folders: await homeOf(id, oldOutputs), progress }),
    during: (wanted, { signal, progress, config }, roll) =>
      withArtifactFiles(bootFiles(wanted), folders.cacheDir, loadBuilder, { signal, progress, config }, roll),
    paceSeconds: PACE_SECONDS,
    outputs: async (_inputs, _rollout, { id, oldOutputs }) =>
      describeFleet(await findMembers((await homeOf(id, oldOutputs)).stateDir, identityOf(id, oldOutputs))),
    preview: previewed,
  };
  const roll = gateRoll(parts);
  return {
    ...gateType(parts),
    async create({ inputs, ...work }) {
      await clearLeftovers(folders, work, { except: work.urn });
      const id = await beginFleet(folders, inputs.fleet, work.urn, work.signal);
      try {
        const outputs = await roll(inputs, undefined, { ...work, id });
        await endFleet(folders.stateDir, id);
        return { id: `${parts.kind}:${id}`, outputs };
      } catch (error) {
        // machines that a failed rollback has left are cleared by a later start
        if ((await findMembers(folders.stateDir, { id })).length === 0) await endFleet(folders.stateDir, id);
        throw error;
      }
    },
    async read({ id, inputs, outputs, progress }) {
      const fleet = withoutKind(id);
      const isImport = inputs === undefined;
      if (isImport && (await isBeingCreated(folders.stateDir, fleet))) return undefined;
      const home = await homeOf(fleet, outputs);
      const members = await findMembers(home.stateDir, identityOf(fleet, outputs));
      if (members.length === 0) {
        if (outputs?.machines.length) sayMissing(`fleet ${fleet}`, home, progress);
        return undefined;
      }
      if (isImport) await endFleet(folders.stateDir, fleet);
      const now = await describeFleet(members);
      for (const { id, running } of now.machines) if (!running) sayStopped(id, progress);
      return { id, outputs: now, ...(isImport && { inputs: importedFleet(fleet, members) }) };
    },
    async delete({ id, outputs, signal, progress }) {
      const fleet = withoutKind(id);
      const home = await homeOf(fleet, outputs);
      const members = await findMembers(home.stateDir, identityOf(fleet, outputs));
      if (members.length > 0) progress({ stage: "shutdown", message: `waiting for ${members.length} guests to shut down` });
      else if (outputs.machines.length > 0) sayMissing(`fleet ${fleet}`, home, progress);
      await Promise.all(
        members.map(async ({ folder }) => {
          await stopMachine(folder, {}, signal);
          await removeMachineFolder(home.stateDir, folder.id);
        }),
      );
    },
  };
}

function identityOf(id: string, outputs: FleetOutputs | undefined): FleetIdentity {
  return { id, machines: outputs?.machines?.map(({ id }) => id) };
}

async function describeFleet(members: readonly Member[]): Promise<FleetOutputs> {
  const machines = await Promise.all(
    members.map(async ({ folder }) => ({ id: folder.id, ...describeMachine(folder), running: await runs(folder) })),
  );
  return { machines, urls: machines.map(({ url }) => url), running: machines.filter(({ running }) => running).length };
}

function previewed(inputs: Properties): Properties {
  const { network: _network, ...rest } = inputs;
  const { count, publish } = rest;
  const known =
    typeof count === "number" && Array.isArray(publish) && publish.every((item) => typeof item === "string" && !/:0:/.test(item));
  const urls = known
    ? Array.from({ length: count }, (_, slot) => addresses(asPublications(machineInputs(rest as unknown as FleetInputs, slot).publish)).url)
    : UNKNOWN;
  return { machines: UNKNOWN, urls, running: count ?? UNKNOWN };
}
