import { dirname, join } from "node:path";
import type { ClusterKinds, Kept } from "../../../sdk/cluster/plugin/member.ts";
import type { Created, DiffRequest, Difference, ResourceType } from "../../../sdk/plugin/resource-type.ts";
import { inputDiff } from "../../../sdk/plugin/input-diff.ts";
import { type Properties, secret, UNKNOWN, type Value } from "../../../sdk/plugin/value.ts";
import { lazyBuilder, withArtifactFiles } from "../../../sdk/resource/plugin/artifact-files.ts";
import type { Builder } from "../../../sdk/resource/plugin/builder.ts";
import type { BuildWork } from "../../../sdk/resource/plugin/keep-build.ts";
import { clearLeftovers } from "./leftovers.ts";
import { type MachineFolder, newId, readMachineFolder, removeMachineFolder, writeRecord } from "./machine-folder.ts";
import { checkVm } from "./check-vm.ts";
import { memberOf } from "./cluster-member.ts";
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
  kinds: ClusterKinds = {},
): ResourceType<VmInputs, VmOutputs> {
  const homeOf = (id: string, outputs: Partial<VmOutputs> | undefined): Promise<HostFolders> =>
    foldersOf(folders, outputs?.consoleLog && dirname(outputs.consoleLog), join("machines", id));
  const run = async (start: Start, work: BuildWork, begin: (start: Start) => Promise<Started>): Promise<Created<VmOutputs>> =>
    withArtifactFiles(bootFiles(start.inputs), folders.cacheDir, loadBuilder, work, async () => outcomeOf(start, await begin(start)));
  /** The same for a machine that may be in a cluster, whose place is among the outputs. */
  const runMember = async (call: Call, start: Start, work: BuildWork, begin: (start: Start) => Promise<Started>) => {
    let kept = call.kept;
    const settle = async (inputs: VmInputs, signal: AbortSignal): Promise<void> => {
      const member = await memberOf(kinds, inputs, kept, call.home);
      if (member) kept = await member.rejoin({ signal, seconds: call.seconds, progress: start.progress });
    };
    const created = await run({ ...start, settle }, work, begin);
    return { ...created, outputs: keeping(created.outputs, start.inputs, kept) };
  };
  return {
    token: "linuxkit:index:QemuVm",
    timeoutSeconds: 300,
    inputs: vmInputs,
    outputs: vmOutputs,
    check: ({ inputs, isSecret }) => checkVm(inputs, isSecret),
    diff: difference,
    // an update leaves a running machine alone unless it takes another's place
    preview: ({ inputs, old }) => (old?.outputs.running && !isAnother(old.inputs, inputs) ? { ...old.outputs } : foreseen(inputs)),
    async create({ urn, name, inputs, timeoutSeconds, signal, progress, config }) {
      await clearLeftovers(folders, { signal, progress });
      const start = { id: newId(name), urn, name, inputs, signal, progress };
      const call = { home: folders, kept: {}, seconds: timeoutSeconds };
      return runMember(call, start, { signal, progress, config }, (whole) => startMachine(whole, folders));
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
        outputs: { ...describeMachine(folder), running, ...(outputs?.kept && { kept: outputs.kept }) },
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
      const kept = oldOutputs.kept ?? {};
      const memberWork = { signal, seconds: timeoutSeconds, progress };
      const oldMember = await memberOf(kinds, oldInputs, kept, home);
      const member = await memberOf(kinds, inputs, kept, home);
      if (oldMember && !member) await oldMember.leave(memberWork);
      if (works && !another) {
        const now = member ? await member.rejoin(memberWork) : kept;
        return { outputs: keeping({ ...oldOutputs, running: true }, inputs, now) };
      }
      if (works && member) await oldMember?.prepare(memberWork);
      const start = { id, urn, name, inputs, isHeld: true, signal, progress };
      const work = { signal, progress, config };
      const call = { home, kept, seconds: timeoutSeconds };
      if (works && inputs.rollBack !== false)
        return runMember(call, start, work, (whole) =>
          replaceMachine({ start: whole, old: found, oldInputs, seconds: timeoutSeconds }, home),
        );
      if (works) await stopMachine(found, {}, signal);
      await discard(id, home.stateDir);
      return runMember(call, start, work, (whole) => startMachine(whole, home));
    },
    async delete({ id, inputs, outputs, timeoutSeconds, signal, progress }) {
      const home = await homeOf(id, outputs);
      const folder = await readMachineFolder(home.stateDir, id);
      const member = await memberOf(kinds, inputs, outputs.kept ?? {}, home);
      // a cluster that ends as a whole needs no quorum
      if (!folder?.record?.clusterEnds) await member?.leave({ signal, seconds: timeoutSeconds, progress });
      if (folder) {
        progress({ stage: "shutdown", message: "waiting for the guest to shut down" });
        await stopMachine(folder, {}, signal);
      } else sayMissing(`machine ${id}`, home, progress);
      await removeMachineFolder(home.stateDir, id);
      await clearFormer(id, home);
    },
  };
}

/** What a call for a machine in a cluster needs beside its start. */
interface Call {
  readonly home: HostFolders;
  readonly kept: Kept;
  readonly seconds: number;
}

/** The outputs of a machine with what its cluster gave it to keep. */
function keeping({ kept: _former, ...outputs }: VmOutputs, { member }: VmInputs, kept: Kept): VmOutputs {
  if (!member) return outputs;
  // encrypted in the state
  return { ...outputs, kept: secret(kept) as unknown as Kept };
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

const NOTHING_KNOWN: Record<Exclude<keyof VmOutputs, "kept">, Value> = {
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
