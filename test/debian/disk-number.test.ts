import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { FORMAT_SCRIPT } from "../../sdk/debian/base/disk-scripts.ts";
import { runShell } from "../support/guest-shell.ts";

const DATA = "devices/LNXSYSTM:00/VMBUS:01/f8b3781b-1e82-4818-a1c3-63d806ec15bb/host1/target1:0:0/1:0:0";
const ROOT = "devices/LNXSYSTM:00/VMBUS:01/f8b3781a-1e82-4818-a1c3-63d806ec15bb/host0/target0:0:0/0:0:0";
const DIRECT = "MSFT NVMe Accelerator v1.0              ";

/** By name, the target of a block device's `device`; for an NVMe disk, its number and its controller's model. */
type Disks = Readonly<Record<string, { readonly at: string; readonly nsid?: number; readonly model?: string }>>;

const SCSI: Disks = {
  sda: { at: `${ROOT}:0` },
  sdb: { at: `${ROOT}:1` },
  sdc: { at: `${DATA}:0` },
  sdd: { at: `${DATA}:11` },
  sde: { at: `${DATA}:1` },
};
const NVME: Disks = {
  nvme0n1: { at: "devices/nvme0", nsid: 1, model: DIRECT },
  nvme0n2: { at: "devices/nvme0", nsid: 2, model: DIRECT },
  nvme0n3: { at: "devices/nvme0", nsid: 3, model: DIRECT },
  // the machine's own temporary disk
  nvme1n2: { at: "devices/nvme1", nsid: 2, model: "Microsoft NVMe Direct Disk v2" },
};

const ROWS: readonly { readonly disks: Disks; readonly told: string; readonly found: string }[] = [
  { disks: SCSI, told: "lun:0", found: "sdc" },
  { disks: SCSI, told: "lun:1", found: "sde" },
  { disks: SCSI, told: "lun:11", found: "sdd" },
  { disks: SCSI, told: "lun:2", found: "" },
  { disks: NVME, told: "lun:0", found: "nvme0n2" },
  { disks: NVME, told: "lun:1", found: "nvme0n3" },
  { disks: NVME, told: "lun:2", found: "" },
];

test("a data disk of Azure is found by its LUN, on SCSI and NVMe", async () => {
  // the functions of find_serial, with the files of the kernel and the metadata in a folder
  const functions = FORMAT_SCRIPT.slice(FORMAT_SCRIPT.indexOf("# find_serial"), FORMAT_SCRIPT.indexOf("# parent_of"));
  for (const { disks, told, found } of ROWS) {
    const folder = await mkdtemp(join(tmpdir(), "disk-number-"));
    const put = async (path: string, text: string): Promise<void> => {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    };
    for (const [name, { at, nsid, model }] of Object.entries(disks)) {
      await put(`sys/${at}/model`, `${model ?? "Virtual Disk"}\n`);
      await mkdir(join(folder, "sys/block", name), { recursive: true });
      await symlink(join(folder, "sys", at), join(folder, "sys/block", name, "device"));
      if (nsid !== undefined) await put(`sys/block/${name}/nsid`, `${nsid}\n`);
    }
    await put("run/config/disks/data", `${told}\n`);
    const script = `${functions.replaceAll("/sys/", `${folder}/sys/`).replaceAll("/run/config", `${folder}/run/config`)}\nfind_serial data; echo "$found"`;
    const { stdout, stderr } = await runShell(script, folder);
    assert.equal(stdout.trim(), found, `${told}: ${stderr}`);
    await rm(folder, { recursive: true });
  }
});
