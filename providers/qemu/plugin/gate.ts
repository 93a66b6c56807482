import { z } from "zod";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import { input } from "../../../sdk/plugin/input.ts";
import type { ResourceType, Work } from "../../../sdk/plugin/resource-type.ts";
import { type Properties, UNKNOWN } from "../../../sdk/plugin/value.ts";
import { lazyBuilder, withArtifactFiles } from "../../../sdk/resource/plugin/artifact-files.ts";
import type { Builder } from "../../../sdk/resource/plugin/builder.ts";
import { gateType } from "../../../sdk/rollout/gate-type.ts";
import { checkFleet, type FleetInputs, fleetInputs, machineInputs } from "./fleet-inputs.ts";
import { findMembers, type Member, runs } from "./fleet-members.ts";
import { fleetRolloutDriver } from "./rollout-driver.ts";
import { newId, removeMachineFolder, stackIdentity } from "./machine-folder.ts";
import { defaultHostFolders, type HostFolders } from "./host-folders.ts";
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
  const ownerOf = ({ urn }: Pick<Work, "urn">): string => stackIdentity(urn);
  const gate = gateType<FleetInputs, FleetOutputs>({
    kind: "qemu",
    inputs: fleetInputs,
    outputSchema: fleetOutputs,
    check: ({ inputs, isSecret }) => checkFleet(inputs, isSecret),
    drifted: ({ running }, { count }) => (running === count ? undefined : new Map([["running", "update"]])),
    id: ({ fleet }, work) => newId(fleet, ownerOf(work)),
    driver: (wanted, before, { urn, progress }) =>
      fleetRolloutDriver({ urn, owner: stackIdentity(urn), wanted, before, folders, progress }),
    during: (wanted, { signal, progress, config }, roll) =>
      withArtifactFiles(bootFiles(wanted), folders.cacheDir, loadBuilder, { signal, progress, config }, roll),
    paceSeconds: PACE_SECONDS,
    outputs: async (_inputs, _rollout, work) => describeFleet(await findMembers(folders.stateDir, ownerOf(work))),
    preview: previewed,
  });
  return {
    ...gate,
    async read({ id, urn, inputs }) {
      if (!inputs)
        throw new LinuxKitError(
          "UNSUPPORTED",
          "a fleet of local machines cannot be imported: run an update with its old name instead, which adopts the existing machines",
          { what: "import of a fleet" },
        );
      const members = await findMembers(folders.stateDir, stackIdentity(urn));
      return members.length === 0 ? undefined : { id, outputs: await describeFleet(members) };
    },
    async delete({ urn, signal, progress }) {
      const members = await findMembers(folders.stateDir, stackIdentity(urn));
      if (members.length > 0) progress({ stage: "shutdown", message: `waiting for ${members.length} guests to shut down` });
      await Promise.all(
        members.map(async ({ folder }) => {
          await stopMachine(folder, {}, signal);
          await removeMachineFolder(folders.stateDir, folder.id);
        }),
      );
    },
  };
}

async function describeFleet(members: readonly Member[]): Promise<FleetOutputs> {
  const machines = await Promise.all(
    members.map(async ({ folder }) => ({ id: folder.id, ...describeMachine(folder), running: await runs(folder) })),
  );
  return { machines, urls: machines.map(({ url }) => url), running: machines.filter(({ running }) => running).length };
}

function previewed(inputs: Properties): Properties {
  const { count, publish } = inputs;
  const known =
    typeof count === "number" && Array.isArray(publish) && publish.every((item) => typeof item === "string" && !/:0:/.test(item));
  const urls = known
    ? Array.from(
        { length: count },
        (_, slot) => addresses(asPublications(machineInputs(inputs as unknown as FleetInputs, slot).publish)).url,
      )
    : UNKNOWN;
  return { machines: UNKNOWN, urls, running: count ?? UNKNOWN };
}
