import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { checkInputs } from "../../../sdk/plugin/check-inputs.ts";
import { writeFileWhole } from "../../../sdk/core/write-file.ts";
import { inputDiff } from "../../../sdk/plugin/input-diff.ts";
import { input, resourceInputs } from "../../../sdk/plugin/input.ts";
import type { ResourceType } from "../../../sdk/plugin/resource-type.ts";
import { type Properties, UNKNOWN } from "../../../sdk/plugin/value.ts";
import { defaultHostFolders, type HostFolders } from "./host-folders.ts";
import { newId } from "./machine-folder.ts";
import { makeNetworkFolder, networkPath, removeNetworkFolder, startSwitch, SWITCH_SOCKET, switchRuns } from "./network-folder.ts";

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
export function qemuNetwork({ stateDir }: HostFolders = defaultHostFolders()): ResourceType<NetworkInputs, NetworkOutputs> {
  const outputsOf = async (path: string): Promise<NetworkOutputs> => ({
    socket: join(path, SWITCH_SOCKET),
    running: await switchRuns(path),
  });
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
      const path = networkPath(stateDir, id);
      try {
        await makeNetworkFolder(path);
        await writeInputs(path, inputs);
        await startSwitch(path, signal);
      } catch (error) {
        await removeNetworkFolder(path, stateDir);
        throw error;
      }
      return { id, outputs: await outputsOf(path) };
    },
    async read({ id, inputs }) {
      const path = networkPath(stateDir, id);
      if (!(await stat(path).catch(() => undefined))) return undefined;
      return { id, outputs: await outputsOf(path), ...(inputs === undefined && { inputs: await readInputs(path) }) };
    },
    async update({ id, inputs, signal }) {
      const path = networkPath(stateDir, id);
      await writeInputs(path, inputs);
      await startSwitch(path, signal);
      return { outputs: await outputsOf(path) };
    },
    delete: ({ id }) => removeNetworkFolder(networkPath(stateDir, id), stateDir),
  };
}

/** For `pulumi import`. */
async function writeInputs(path: string, inputs: NetworkInputs): Promise<void> {
  await writeFileWhole(join(path, "network.json"), [Buffer.from(JSON.stringify(inputs))], { mode: 0o600 });
}

async function readInputs(path: string): Promise<Properties> {
  return JSON.parse(await readFile(join(path, "network.json"), "utf8")) as Properties;
}
