import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import { checkInputs } from "../../../sdk/plugin/check-inputs.ts";
import { writeFileWhole } from "../../../sdk/core/write-file.ts";
import { inputDiff } from "../../../sdk/plugin/input-diff.ts";
import { input, resourceInputs } from "../../../sdk/plugin/input.ts";
import type { ResourceType } from "../../../sdk/plugin/resource-type.ts";
import { type Properties, UNKNOWN } from "../../../sdk/plugin/value.ts";
import { defaultHostFolders, foldersOf, type HostFolders, sayMissing } from "./host-folders.ts";
import { readHostRecord, whereMissing } from "./host-record.ts";
import { newId } from "./machine-folder.ts";
import { makeNetworkFolder, networkPath, removeNetworkFolder, startSwitch, SWITCH_SOCKET, switchRuns } from "./network-folder.ts";
import { usersOfNetwork } from "./network-users.ts";

/** Inputs of `linuxkit:index:QemuNetwork`. */
export const networkInputs = resourceInputs(
  "A private Ethernet of machines on this host.",
  {
    cidr: input("The IPv4 network of its addresses.", z.cidrv4("an IPv4 network")),
    hosts: input("The machines' addresses by name.", z.record(z.string(), z.ipv4("an IPv4 address")).default({})),
  },
  // its switch knows neither
  { onChange: "update" },
);

/** Checked inputs. */
export type NetworkInputs = Readonly<z.output<typeof networkInputs>>;

const networkOutputs = z.object({
  socket: input("Path of the UNIX socket to which machines connect.", z.string()),
  running: input("Whether its switch runs.", z.boolean()),
});

/** Outputs of `linuxkit:index:QemuNetwork`. */
export type NetworkOutputs = Readonly<z.output<typeof networkOutputs>>;

/** A network whose switch runs until its stack deletes it, even after the process that started it has ended. */
export function qemuNetwork(folders: HostFolders = defaultHostFolders()): ResourceType<NetworkInputs, NetworkOutputs> {
  const outputsOf = async (path: string): Promise<NetworkOutputs> => ({
    socket: join(path, SWITCH_SOCKET),
    running: await switchRuns(path),
  });
  const homeOf = (id: string, outputs: Partial<NetworkOutputs> | undefined): Promise<HostFolders> =>
    foldersOf(folders, outputs?.socket, join("networks", id, SWITCH_SOCKET));
  return {
    token: "linuxkit:index:QemuNetwork",
    timeoutSeconds: 60,
    inputs: networkInputs,
    outputs: networkOutputs,
    check: ({ inputs, isSecret }) => checkInputs(networkInputs, inputs, { isSecret }),
    diff: ({ inputs, oldInputs, oldOutputs }) => ({
      changed: inputDiff(networkInputs, oldInputs, inputs),
      ...(oldOutputs.running === false && { drifted: new Map([["running", "update" as const]]) }),
    }),
    preview: ({ old }) => ({ socket: old ? old.outputs.socket : UNKNOWN, running: true }),
    async create({ name, inputs, signal }) {
      const id = newId(name);
      const path = networkPath(folders.stateDir, id);
      try {
        await makeNetworkFolder(path);
        await writeInputs(path, inputs);
        await startSwitch(path, signal);
      } catch (error) {
        await removeNetworkFolder(path, folders.stateDir);
        throw error;
      }
      return { id, outputs: await outputsOf(path) };
    },
    async read({ id, inputs, outputs, progress }) {
      const home = await homeOf(id, outputs);
      const path = networkPath(home.stateDir, id);
      if (!(await stat(path).catch((error: unknown) => whereMissing(error, path)))) {
        if (outputs) sayMissing(`network ${id}`, home, progress);
        return undefined;
      }
      return { id, outputs: await outputsOf(path), ...(inputs === undefined && { inputs: await readInputs(path) }) };
    },
    async update({ id, inputs, oldOutputs, signal }) {
      const { stateDir } = await homeOf(id, oldOutputs);
      const path = networkPath(stateDir, id);
      await writeInputs(path, inputs);
      await startSwitch(path, signal);
      return { outputs: await outputsOf(path) };
    },
    async delete({ id, outputs, progress }) {
      const home = await homeOf(id, outputs);
      const path = networkPath(home.stateDir, id);
      if (!(await stat(path).catch((error: unknown) => whereMissing(error, path)))) sayMissing(`network ${id}`, home, progress);
      const [user] = await usersOfNetwork(join(path, SWITCH_SOCKET), home.stateDir);
      if (user) throw inUse(id, user.id);
      await removeNetworkFolder(path, home.stateDir);
    },
  };
}

/** As for a disk in use: a machine that `retainOnDelete` keeps would lose the others. */
function inUse(network: string, machine: string): LinuxKitError {
  return new LinuxKitError(
    "UNSUPPORTED",
    `network ${network}: the machine ${machine} runs in it: end the machine first, or keep the network too with retainOnDelete`,
    { what: "deleting a network in use" },
  );
}

/** For `pulumi import`. */
async function writeInputs(path: string, inputs: NetworkInputs): Promise<void> {
  await writeFileWhole(join(path, "network.json"), [Buffer.from(JSON.stringify(inputs))], { mode: 0o600 });
}

async function readInputs(path: string): Promise<Properties> {
  const schema = async () => (await import("./record-schemas.ts")).networkRecord;
  return (await readHostRecord(join(path, "network.json"), schema, "a network is damaged: write its cidr and hosts anew")) ?? {};
}
