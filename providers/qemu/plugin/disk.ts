import { open, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { fromFileSystem, LinuxKitError } from "../../../sdk/core/errors.ts";
import { checkInputs, type Rule } from "../../../sdk/plugin/check-inputs.ts";
import { input, resourceInputs } from "../../../sdk/plugin/input.ts";
import type { Checked, CheckRequest, ResourceType } from "../../../sdk/plugin/resource-type.ts";
import { UNKNOWN } from "../../../sdk/plugin/value.ts";
import { growAttached, usersOf } from "./disk-users.ts";
import { whereMissing } from "./host-record.ts";
import { newId, removeEmpty } from "./machine-folder.ts";
import { defaultHostFolders, foldersOf, type HostFolders, sayMissing } from "./host-folders.ts";
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
  const homeOf = (id: string, outputs: Partial<DiskOutputs> | undefined): Promise<HostFolders> =>
    foldersOf(folders, outputs?.path, join("disks", `${id}.img`));
  return {
    token: "linuxkit:index:QemuDisk",
    timeoutSeconds: 60,
    inputs: diskInputs,
    outputs: diskOutputs,
    check: checkDisk,
    preview: ({ inputs, old }) => ({ ...inputs, format: "raw", path: old ? old.outputs.path : UNKNOWN }),
    async create({ name, inputs }) {
      const id = newId(name);
      const path = diskPath(folders, id);
      try {
        await makeFolder(dirname(path), 0o700);
        await using file = await open(path, "wx", 0o600);
        await file.truncate(inputs.sizeMiB * MEBIBYTE);
        await file.sync();
      } catch (error) {
        await rm(path, { force: true }).catch(() => {});
        throw fromFileSystem(error, path);
      }
      return { id, outputs: { ...inputs, path, format: "raw" } };
    },
    async read({ id, inputs, outputs, progress }) {
      const home = await homeOf(id, outputs);
      const path = diskPath(home, id);
      const stats = await stat(path).catch((error: unknown) => whereMissing(error, path));
      if (!stats) {
        if (outputs) sayMissing(`disk ${id}`, home, progress);
        return undefined;
      }
      const sizeMiB = Math.floor(stats.size / MEBIBYTE);
      const name = outputs?.serial ?? defaultSerial(id);
      return {
        id,
        outputs: { sizeMiB, serial: name, path, format: "raw" },
        ...(inputs === undefined && { inputs: { sizeMiB, serial: name } }),
      };
    },
    async update({ id, inputs, oldOutputs }) {
      const home = await homeOf(id, oldOutputs);
      const path = diskPath(home, id);
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
      if (!(await growAttached(path, bytes, home))) {
        await using file = await open(path, "r+");
        await file.truncate(bytes);
      }
      return { outputs: { ...oldOutputs, ...inputs, path } };
    },
    async delete({ id, outputs, progress }) {
      const home = await homeOf(id, outputs);
      const path = diskPath(home, id);
      if (!(await stat(path).catch((error: unknown) => whereMissing(error, path)))) sayMissing(`disk ${id}`, home, progress);
      const [user] = await usersOf(path, home);
      if (user) throw inUse(id, user.machine.id);
      await rm(path, { force: true });
      await removeEmpty(dirname(path), home.stateDir);
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

/** The file of a disk. An id from outside (`pulumi import`) cannot escape the state folder. */
function diskPath({ stateDir }: HostFolders, id: string): string {
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(id))
    throw new LinuxKitError(
      "INVALID_DEFINITION",
      `id: got ${JSON.stringify(id)}, wanted the id of a disk, such as data-1f2e3d4c-9a8b7c6d`,
      { path: "id" },
    );
  return join(stateDir, "disks", `${id}.img`);
}

/** A cloud refuses it as well. A machine that `retainOnDelete` keeps would lose its data at its next start. */
function inUse(disk: string, machine: string): LinuxKitError {
  return new LinuxKitError(
    "UNSUPPORTED",
    `disk ${disk}: the machine ${machine} runs with it: end the machine first, or keep the disk too with retainOnDelete`,
    { what: "deleting a disk in use" },
  );
}
