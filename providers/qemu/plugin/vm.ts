import type { Created, DiffRequest, Difference, ResourceType } from "../../../sdk/plugin/resource-type.ts";
import { inputDiff } from "../../../sdk/plugin/input-diff.ts";
import { type Properties, UNKNOWN, type Value } from "../../../sdk/plugin/value.ts";
import { lazyBuilder, withArtifactFiles } from "../../../sdk/resource/plugin/artifact-files.ts";
import type { Builder } from "../../../sdk/resource/plugin/builder.ts";
import type { BuildWork } from "../../../sdk/resource/plugin/keep-build.ts";
import { clearLeftovers } from "./leftovers.ts";
import { type MachineFolder, newId, readMachineFolder, removeMachineFolder, writeRecord } from "./machine-folder.ts";
import { checkVm } from "./check-vm.ts";
import { defaultHostFolders, type HostFolders } from "./host-folders.ts";
import { runs } from "./fleet-members.ts";
import { isAlive } from "./process-id.ts";
import { discard, type Start, startMachine } from "./start.ts";
import { stopMachine } from "./stop.ts";
import { bootFiles, type VmInputs, vmInputs } from "./vm-inputs.ts";
import { addresses, asPublications, describeMachine, type VmOutputs, vmOutputs } from "./vm-outputs.ts";

/** A virtual machine that runs until its stack deletes it, even after the process that started it has ended. */
export function qemuVm(
  folders: HostFolders = defaultHostFolders(),
  loadBuilder: () => Promise<Builder> = lazyBuilder,
): ResourceType<VmInputs, VmOutputs> {
  const run = async (start: Start, work: BuildWork): Promise<Created<VmOutputs>> =>
    withArtifactFiles(bootFiles(start.inputs), folders.cacheDir, loadBuilder, work, () => runMachine(start, folders));
  return {
    token: "linuxkit:index:QemuVm",
    timeoutSeconds: 300,
    inputs: vmInputs,
    outputs: vmOutputs,
    check: ({ inputs, isSecret }) => checkVm(inputs, isSecret),
    diff: difference,
    // an update does not touch a running machine
    preview: ({ inputs, old }) => (old?.outputs.running ? { ...old.outputs } : foreseen(inputs)),
    async create({ urn, name, inputs, signal, progress, config }) {
      await clearLeftovers(folders, { signal, progress });
      return run({ id: newId(name), urn, name, inputs, signal, progress }, { signal, progress, config });
    },
    async read({ id, urn, outputs }) {
      const found = await readMachineFolder(folders.stateDir, id);
      const folder = found?.record && (await held(found, urn));
      if (!folder) return undefined;
      return {
        id,
        outputs: { ...describeMachine(folder), running: await runs(folder) },
        ...(outputs === undefined && { inputs: folder.record?.inputs as unknown as Properties }),
      };
    },
    // the inputs that are updated in place affect only a start, so the update restarts a stopped machine
    async update({ id, urn, name, inputs, oldOutputs, signal, progress, config }) {
      const found = await readMachineFolder(folders.stateDir, id);
      if ((await runs(found)) && !found?.record?.failed) return { outputs: { ...oldOutputs, running: true } };
      await discard(id, folders.stateDir);
      return run({ id, urn, name, inputs, isHeld: true, signal, progress }, { signal, progress, config });
    },
    async delete({ id, signal, progress }) {
      const folder = await readMachineFolder(folders.stateDir, id);
      if (folder) {
        progress({ stage: "shutdown", message: "waiting for the guest to shut down" });
        await stopMachine(folder, {}, signal);
      }
      await removeMachineFolder(folders.stateDir, id);
    },
  };
}

/**
 * A machine that a state holds or is about to import. From here on it is no leftover, even if the run that created it was
 * killed before its end. Its record follows a rename. @returns undefined while another process still creates it
 */
async function held(folder: MachineFolder, urn: string): Promise<MachineFolder | undefined> {
  const { record } = folder;
  if (!record || (record.phase === "starting" && (await isAlive(record.maker)))) return undefined;
  const phase = record.phase === "starting" ? "running" : record.phase;
  return phase === record.phase && urn === record.urn ? folder : writeRecord(folder, { ...record, phase, urn });
}

function difference({ inputs, oldInputs, oldOutputs }: DiffRequest<VmInputs, VmOutputs>): Difference {
  const holds = (list: unknown): boolean => list === UNKNOWN || (Array.isArray(list) && list.length > 0);
  return {
    changed: inputDiff(vmInputs, oldInputs, inputs),
    deleteBeforeReplace: [oldInputs.publish, oldInputs.disks, inputs.publish, inputs.disks].some(holds),
    ...(oldOutputs.running === false && { drifted: new Map([["running", "update" as const]]) }),
  };
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

async function runMachine(start: Start, folders: HostFolders): Promise<Created<VmOutputs>> {
  const { folder, booted, publish, failure } = await startMachine(start, folders);
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
