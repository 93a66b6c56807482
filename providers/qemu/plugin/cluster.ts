import { randomBytes } from "node:crypto";
import { z } from "zod";
import { input, resourceInputs } from "../../../sdk/plugin/input.ts";
import type { ResourceType } from "../../../sdk/plugin/resource-type.ts";
import { defaultHostFolders, type HostFolders } from "./host-folders.ts";
import { readMachineFolder, writeRecord } from "./machine-folder.ts";

/** Inputs of `linuxkit:index:QemuCluster`. */
export const clusterInputs = resourceInputs(
  "The end of a cluster on this host. It is created after its machines and so deleted before them, which then need not leave it one by one.",
  { machines: input("Ids of the cluster's machines.", z.array(z.string())) },
  { onChange: "update" },
);

/** Checked inputs of `linuxkit:index:QemuCluster`. */
export type ClusterInputs = Readonly<z.output<typeof clusterInputs>>;

/** A cluster as a whole: its deletion tells its machines that no node remains. */
export function qemuCluster(folders: HostFolders = defaultHostFolders()): ResourceType<ClusterInputs, ClusterInputs> {
  const mark = async ({ machines }: ClusterInputs, clusterEnds: boolean): Promise<void> => {
    for (const id of machines) {
      const folder = await readMachineFolder(folders.stateDir, id);
      if (folder?.record) await writeRecord(folder, { ...folder.record, clusterEnds });
    }
  };
  return {
    token: "linuxkit:index:QemuCluster",
    timeoutSeconds: 60,
    inputs: clusterInputs,
    outputs: clusterInputs,
    async create({ name, inputs }) {
      // an interrupted deletion may have marked them
      await mark(inputs, false);
      return { id: `${name}-${randomBytes(8).toString("hex")}`, outputs: inputs };
    },
    async update({ inputs }) {
      await mark(inputs, false);
      return { outputs: inputs };
    },
    delete: ({ inputs }) => mark(inputs, true),
  };
}
