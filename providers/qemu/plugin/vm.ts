import { dirname, join } from "node:path";
import type { Created, DiffRequest, Difference, ResourceType } from "../../../sdk/plugin/resource-type.ts";
import { inputDiff } from "../../../sdk/plugin/input-diff.ts";
import { type Properties, UNKNOWN, type Value } from "../../../sdk/plugin/value.ts";
import { lazyBuilder, withArtifactFiles } from "../../../sdk/resource/plugin/artifact-files.ts";
import type { Builder } from "../../../sdk/resource/plugin/builder.ts";
import type { BuildWork } from "../../../sdk/resource/plugin/keep-build.ts";
import { clearLeftovers } from "./leftovers.ts";
import { type MachineFolder, newId, readMachineFolder, removeMachineFolder, writeRecord } from "./machine-folder.ts";
import { checkVm } from "./check-vm.ts";
import { defaultHostFolders, foldersOf, type HostFolders, sayMissing } from "./host-folders.ts";
import { runs, sayStopped } from "./fleet-members.ts";
import { hasEnded } from "./process-id.ts";
import { clearFormer, replaceMachine } from "./replacement.ts";
import { discard, type Start, type Started, startMachine } from "./start.ts";
import { stopMachine } from "./stop.ts";
import { bootFiles, type VmInputs, vmInputs } from "./vm-inputs.ts";
import { addresses, asPublications, describeMachine, type VmOutputs, vmOutputs } from "./vm-outputs.ts";

/** A virtual machine that runs until its stack deletes it, even after the process that started it has ended. */
export function qemuVm(
  folders: HostFolders = defaultHostFolders(),
  loadBuilder: () => Promise<Builder> = lazyBuilder,
): ResourceType<VmInputs, VmOutputs> {
  const homeOf = (id: string, outputs: Partial<VmOutputs> | undefined): Promise<HostFolders> =>
    foldersOf(folders, outputs?.consoleLog && dirname(outputs.consoleLog), join("machines", id));
  const run = async (start: Start, work: BuildWork, begin: () => Promise<Started>): Promise<Created<VmOutputs>> =>
    withArtifactFiles(bootFiles(start.inputs), folders.cacheDir, loadBuilder, work, async () => outcomeOf(start, await begin()));
  return {
    token: "linuxkit:index:QemuVm",
    timeoutSeconds: 300,
    inputs: vmInputs,
    outputs: vmOutputs,
    check: ({ inputs, isSecret }) => checkVm(inputs, isSecret),
    diff: difference,
    // an update leaves a running machine alone unless it takes another's place
    preview: ({ inputs, old }) => (old?.outputs.running && !isAnother(old.inputs, inputs) ? { ...old.outputs } : foreseen(inputs)),
    async create({ urn, name, inputs, signal, progress, config }) {
      await clearLeftovers(folders, { signal, progress });
      const start = { id: newId(name), urn, name, inputs, signal, progress };
      return run(start, { signal, progress, config }, () => startMachine(start, folders));
    },
    async read({ id, urn, name, outputs, progress }) {
      const home = await homeOf(id, outputs);
      const found = await readMachineFolder(home.stateDir, id);
      const folder = found?.record && (await held(found, urn));
      if (!folder) {
        if (outputs) sayMissing(`machine ${id}`, home, progress);
        return undefined;
      }
      const running = await runs(folder);
      if (!running) sayStopped(name, progress);
      return {
        id,
        outputs: { ...describeMachine(folder), running },
        ...(outputs === undefined && { inputs: folder.record?.inputs as unknown as Properties }),
      };
    },
    // it starts a machine that is stopped or not healthy, and replaces one that holds what its replacement needs
    async update({ id, urn, name, inputs, oldInputs, oldOutputs, timeoutSeconds, signal, progress, config }) {
      const home = await homeOf(id, oldOutputs);
      await clearFormer(id, home);
      const found = await readMachineFolder(home.stateDir, id);
      const works = found && (await runs(found)) && !found.record?.failed;
      const another = isAnother(oldInputs, inputs as unknown as Properties);
      if (works && !another) return { outputs: { ...oldOutputs, running: true } };
      const start = { id, urn, name, inputs, isHeld: true, signal, progress };
      const work = { signal, progress, config };
      if (works && inputs.rollBack !== false)
        return run(start, work, () => replaceMachine({ start, old: found, oldInputs, seconds: timeoutSeconds }, home));
      if (works) await stopMachine(found, {}, signal);
      await discard(id, home.stateDir);
      return run(start, work, () => startMachine(start, home));
    },
    async delete({ id, outputs, signal, progress }) {
      const home = await homeOf(id, outputs);
      const folder = await readMachineFolder(home.stateDir, id);
      if (folder) {
        progress({ stage: "shutdown", message: "waiting for the guest to shut down" });
        await stopMachine(folder, {}, signal);
      } else sayMissing(`machine ${id}`, home, progress);
      await removeMachineFolder(home.stateDir, id);
      await clearFormer(id, home);
    },
  };
}

/**
 * A machine that a state holds or is about to import. From here on it is no leftover, even if the run that created it was
 * killed before its end. Its record follows a rename. @returns undefined while another process still creates it
 */
async function held(folder: MachineFolder, urn: string): Promise<MachineFolder | undefined> {
  const { record } = folder;
  if (!record || (record.phase === "starting" && !(await hasEnded(record.maker)))) return undefined;
  const phase = record.phase === "starting" ? "running" : record.phase;
  return phase === record.phase && urn === record.urn ? folder : writeRecord(folder, { ...record, phase, urn });
}

function difference({ inputs, oldInputs, oldOutputs }: DiffRequest<VmInputs, VmOutputs>): Difference {
  const holds = (list: unknown): boolean => list === UNKNOWN || (Array.isArray(list) && list.length > 0);
  const changed = inputDiff(vmInputs, oldInputs, inputs);
  // two machines cannot hold one port, disk or address
  const holdsBoth =
    [oldInputs.publish, oldInputs.disks, inputs.publish, inputs.disks].some(holds) ||
    [oldInputs.network, inputs.network].some((network) => network !== undefined);
  // the engine would delete the old one before the new one is known to work: an update keeps it until then
  const returns = holdsBoth && inputs.rollBack !== false;
  return {
    changed: returns ? new Map([...changed.keys()].map((path) => [path, "update" as const])) : changed,
    deleteBeforeReplace: holdsBoth,
    ...(oldOutputs.running === false && { drifted: new Map([["running", "update" as const]]) }),
  };
}

/** Whether the inputs are those of another machine. */
function isAnother(oldInputs: VmInputs, inputs: Properties): boolean {
  return [...inputDiff(vmInputs, oldInputs, inputs).values()].includes("replace");
}

const NOTHING_KNOWN: Record<keyof VmOutputs, Value> = {
  running: UNKNOWN,
  pid: UNKNOWN,
  bootId: UNKNOWN,
  consoleLog: UNKNOWN,
  ports: UNKNOWN,
  url: UNKNOWN,
  accelerator: UNKNOWN,
};

function foreseen({ publish }: Properties): Properties {
  if (!Array.isArray(publish) || publish.some((item) => typeof item !== "string")) return NOTHING_KNOWN;
  const ports = asPublications(publish as string[]);
  // port 0 is known only after the start
  return { ...NOTHING_KNOWN, running: true, ...(ports.every(({ hostPort }) => hostPort !== 0) && addresses(ports)) };
}

async function outcomeOf(start: Start, { folder, booted, publish, failure }: Started): Promise<Created<VmOutputs>> {
  const outputs = describeMachine(folder, publish);
  const { progress, name } = start;
  if (failure) return { id: folder.id, outputs: { ...outputs, running: await runs(folder) }, failure };
  progress({
    stage: "boot",
    message: booted ? `${name} is healthy, ${booted.seconds.toFixed(1)} s after its start` : `${name} runs`,
    lasting: true,
  });
  return { id: folder.id, outputs };
}
