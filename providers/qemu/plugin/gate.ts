import { isLinuxKitError, LinuxKitError } from "../../../sdk/core/errors.ts";
import { inputDiff } from "../../../sdk/plugin/input-diff.ts";
import type { ResourceType, Work } from "../../../sdk/plugin/resource-type.ts";
import { type Properties, UNKNOWN } from "../../../sdk/plugin/value.ts";
import { lazyBuilder, withArtifactFiles } from "../../../sdk/resource/plugin/artifact-files.ts";
import type { Builder } from "../../../sdk/resource/plugin/builder.ts";
import { runRollout } from "../../../sdk/rollout/run-rollout.ts";
import { checkFleet, fleetInputs, type FleetInputs, machineInputs } from "./fleet-inputs.ts";
import { findMembers, type Member, runs } from "./fleet-members.ts";
import { fleetRollout } from "./fleet-rollout.ts";
import { newId, removeMachineFolder, stackIdentity } from "./machine-folder.ts";
import { defaultHostFolders, type HostFolders } from "./host-folders.ts";
import { stopMachine } from "./stop.ts";
import { addresses, asPublications, describeMachine, type VmOutputs } from "./vm-outputs.ts";
import { bootFiles } from "./vm-inputs.ts";

/** What is known of a fleet once it is rolled. */
export interface FleetOutputs {
  /** In the order of their numbers. */
  readonly machines: readonly (VmOutputs & { readonly id: string })[];
  /** Those of the machines. */
  readonly urls: readonly string[];
  /** How many run. Where it is fewer than wanted, the next update starts the others again. */
  readonly running: number;
}

/** Between two looks at machines of this host, in seconds. */
const PACE_SECONDS = 0.5;

/** A fleet of local machines: it owns them, and replaces them by their number, never more at once than may be away. */
export function qemuGate(
  folders: HostFolders = defaultHostFolders(),
  loadBuilder: () => Promise<Builder> = lazyBuilder,
): ResourceType<FleetInputs, FleetOutputs> {
  const roll = async (
    wanted: FleetInputs,
    before: FleetInputs | undefined,
    { urn, signal, progress, config }: Work,
  ): Promise<FleetOutputs> => {
    const owner = stackIdentity(urn);
    const driver = fleetRollout({ urn, owner, wanted, before, folders, progress });
    await withArtifactFiles(bootFiles(wanted), folders.cacheDir, loadBuilder, { signal, progress, config }, () =>
      runRollout(driver, { name: wanted.fleet, signal, progress, paceSeconds: PACE_SECONDS }).catch((error) => {
        const console = driver.console();
        if (!isLinuxKitError(error, "ROLLOUT_FAILED") || console.length === 0) throw error;
        throw new LinuxKitError("ROLLOUT_FAILED", [error.message, ...console].join("\n"), error.detail, { cause: error.cause });
      }),
    );
    return describeFleet(await findMembers(folders.stateDir, owner));
  };
  return {
    token: "linuxkit:index:RolloutGate",
    inputs: fleetInputs,
    check: ({ inputs, isSecret }) => checkFleet(inputs, isSecret),
    diff: ({ inputs, oldInputs, oldOutputs }) => ({
      changed: inputDiff(fleetInputs, oldInputs, inputs),
      ...(oldOutputs.running !== oldInputs.count && { drifted: new Map([["running", "update" as const]]) }),
    }),
    preview: ({ inputs }) => foreseen(inputs),
    create: async ({ inputs, ...work }) => ({
      id: `qemu:${newId(inputs.fleet, stackIdentity(work.urn))}`,
      outputs: await roll(inputs, undefined, work),
    }),
    update: async ({ inputs, oldInputs, ...work }) => ({ outputs: await roll(inputs, oldInputs, work) }),
    async read({ id, urn, inputs }) {
      if (!inputs)
        throw new LinuxKitError(
          "UNSUPPORTED",
          "a fleet of local machines cannot be imported: an update under its old name takes up the machines that there are",
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

function foreseen(inputs: Properties): Properties {
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
