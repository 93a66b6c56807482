import { open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { fromFileSystem, LinuxKitError } from "../../../sdk/core/errors.ts";
import { checkInputs, type Rule } from "../../../sdk/plugin/check-inputs.ts";
import { input, resourceInputs } from "../../../sdk/plugin/input.ts";
import type { Checked, CheckRequest, ResourceType } from "../../../sdk/plugin/resource-type.ts";
import { UNKNOWN } from "../../../sdk/plugin/value.ts";
import type { DiskAttachment } from "./arguments.ts";
import { listMachineFolders, newId, removeEmpty } from "./machine-folder.ts";
import { withMonitor } from "./monitor.ts";
import { defaultHostFolders, type HostFolders } from "./host-folders.ts";
import { serial, whole } from "./vm-inputs.ts";
import { makeFolder } from "../../../sdk/core/make-folder.ts";

/** Inputs of `linuxkit:index:QemuDisk`. */
export const diskInputs = resourceInputs(
  "A disk on this host that outlives the machines that use it. It starts empty; the guest formats it.",
  {
    sizeMiB: input("Size in MiB. It may grow, never shrink.", whole(1, 2 ** 24, "MiB"), { onChange: "update" }),
    serial: input("Serial that the guest finds it by. Default: the resource's name, shortened to fit.", serial.optional()),
  },
  { onChange: "replace" },
);

/** Checked inputs. */
export type DiskInputs = Readonly<z.output<typeof diskInputs> & { serial: string }>;

/** Outputs of `linuxkit:index:QemuDisk`: what a machine needs to attach it. */
const diskOutputs = z.object({
  sizeMiB: input("Size in MiB.", z.int()),
  serial: input("Serial that the guest finds it by.", z.string()),
  path: input("Path of the sparse file: it takes only the space that the guest has written.", z.string()),
  format: input("raw.", z.literal("raw")),
});

export type DiskOutputs = Readonly<z.output<typeof diskOutputs>>;

const MEBIBYTE = 2 ** 20;

/** A disk that outlives the machines that use it. It starts empty; the guest formats it. */
export function qemuDisk(folders: HostFolders = defaultHostFolders()): ResourceType<DiskInputs, DiskOutputs> {
  const folder = join(folders.stateDir, "disks");
  const fileOf = (id: string): string => {
    if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(id))
      throw new LinuxKitError(
        "INVALID_DEFINITION",
        `id: got ${JSON.stringify(id)}, wanted the id of a disk, such as data-1f2e3d4c-9a8b7c6d`,
        { path: "id" },
      );
    return join(folder, `${id}.img`);
  };
  return {
    token: "linuxkit:index:QemuDisk",
    timeoutSeconds: 60,
    inputs: diskInputs,
    outputs: diskOutputs,
    check: checkDisk,
    preview: ({ inputs, old }) => ({ ...inputs, format: "raw", path: old ? old.outputs.path : UNKNOWN }),
    async create({ name, inputs }) {
      const id = newId(name);
      const path = fileOf(id);
      try {
        await makeFolder(folder, 0o700);
        await using file = await open(path, "wx", 0o600);
        await file.truncate(inputs.sizeMiB * MEBIBYTE);
        await file.sync();
      } catch (error) {
        await rm(path, { force: true }).catch(() => {});
        throw fromFileSystem(error, path);
      }
      return { id, outputs: { ...inputs, path, format: "raw" } };
    },
    async read({ id, inputs, outputs }) {
      const path = fileOf(id);
      const stats = await stat(path).catch(() => undefined);
      if (!stats) return undefined;
      const sizeMiB = Math.floor(stats.size / MEBIBYTE);
      const name = outputs?.serial ?? defaultSerial(id);
      return {
        id,
        outputs: { sizeMiB, serial: name, path, format: "raw" },
        ...(inputs === undefined && { inputs: { sizeMiB, serial: name } }),
      };
    },
    async update({ id, inputs, oldOutputs }) {
      const path = fileOf(id);
      const bytes = inputs.sizeMiB * MEBIBYTE;
      const { size } = await stat(path).catch((error) => {
        throw new LinuxKitError(
          "NOT_FOUND",
          `disk ${id}: file ${path} not found: run \`pulumi refresh\`; the next update creates a new disk`,
          { what: path },
          { cause: error },
        );
      });
      if (bytes < size)
        throw new LinuxKitError(
          "UNSUPPORTED",
          `sizeMiB: got ${inputs.sizeMiB}, but the disk has ${Math.ceil(size / MEBIBYTE)}: a disk can grow, never shrink`,
          { what: "shrinking a disk" },
        );
      if (!(await growAttached(path, bytes, folders))) {
        await using file = await open(path, "r+");
        await file.truncate(bytes);
      }
      return { outputs: { ...oldOutputs, ...inputs } };
    },
    async delete({ id }) {
      await rm(fileOf(id), { force: true });
      await removeEmpty(folder, folders.stateDir);
    },
  };
}

function checkDisk({ name, inputs, oldInputs, isSecret }: CheckRequest): Checked {
  const neverShrinks: Rule = ({ sizeMiB }, fail) => {
    const old = oldInputs?.sizeMiB;
    if (typeof sizeMiB !== "number" || typeof old !== "number" || sizeMiB >= old) return;
    fail(
      ["sizeMiB"],
      `got ${sizeMiB}, but the disk has ${old}: a disk can grow, never shrink; create another disk under another name and copy the data`,
    );
  };
  // a rename keeps the disk, and so the serial that its guest knows
  const wanted = inputs.serial ?? oldInputs?.serial ?? defaultSerial(name);
  return checkInputs(diskInputs, { ...inputs, serial: wanted }, { isSecret, rules: [neverShrinks] });
}

function defaultSerial(name: string): string {
  return (
    name
      .replace(/[^A-Za-z0-9._-]+/g, "-")
      .replace(/^[^A-Za-z0-9]+/, "")
      .slice(0, 20) || "disk"
  );
}

/** Grows the disk through the machine that uses it, so that its guest sees the new size. False if no running machine uses it. */
async function growAttached(path: string, size: number, { stateDir }: HostFolders): Promise<boolean> {
  for (const { path: folder, record } of await listMachineFolders(stateDir)) {
    const disks = (record?.inputs as { disks?: readonly DiskAttachment[] } | undefined)?.disks ?? [];
    const index = disks.findIndex((disk) => disk.path === path);
    if (index < 0) continue;
    const grown = await withMonitor(folder, async (execute) => {
      await execute("block_resize", { "node-name": `disk${index}`, size });
      return true;
    });
    if (grown) return true;
  }
  return false;
}
