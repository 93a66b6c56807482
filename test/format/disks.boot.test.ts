import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Built, FormatName } from "../../sdk/index.ts";
import { bootDisk, type DiskMachine } from "../support/disk-machine.ts";
import { buildDisks, diskOs } from "../support/disk-os.ts";
import { judge, scratch } from "../support/judge.ts";

interface Row {
  readonly format: FormatName;
  readonly suffix: string;
  readonly driver: DiskMachine["driver"];
  readonly on: readonly (readonly [DiskMachine["firmware"], DiskMachine["as"]?])[];
}

const BOTH = [["bios"], ["efi"]] as const;

const ROWS: readonly Row[] = [
  { format: "raw-bios", suffix: "-bios.img", driver: "raw", on: [["bios"]] },
  { format: "raw-efi", suffix: "-efi.img", driver: "raw", on: [["efi"]] },
  { format: "raw-hybrid", suffix: "-hybrid.img", driver: "raw", on: BOTH },
  { format: "qcow2-bios", suffix: ".qcow2", driver: "qcow2", on: [["bios"]] },
  { format: "qcow2-efi", suffix: "-efi.qcow2", driver: "qcow2", on: [["efi"]] },
  {
    format: "iso-bios",
    suffix: ".iso",
    driver: "raw",
    on: [
      ["bios", "scsi-cd"],
      ["bios", "disk"],
    ],
  },
  {
    format: "iso-efi",
    suffix: "-efi.iso",
    driver: "raw",
    on: [
      ["efi", "scsi-cd"],
      ["efi", "disk"],
    ],
  },
  { format: "iso-efi-initrd", suffix: "-efi-initrd.iso", driver: "raw", on: [["efi", "cd"]] },
  { format: "vhd", suffix: ".vhd", driver: "vpc", on: BOTH },
  { format: "dynamic-vhd", suffix: ".vhd", driver: "vpc", on: BOTH },
  { format: "vmdk", suffix: ".vmdk", driver: "vmdk", on: BOTH },
  { format: "aws", suffix: ".raw", driver: "raw", on: BOTH },
  { format: "gcp", suffix: ".img.tar.gz", driver: "raw", on: BOTH },
];

type Disks = Built & { path(suffix: string): string };

describe("a machine started from", () => {
  let folder: Awaited<ReturnType<typeof scratch>>;
  let all: Disks;
  let dynamic: Disks;
  before(async () => {
    folder = await scratch();
    all = await buildDisks(diskOs("hello from a disk"), {
      formats: ROWS.flatMap(({ format }) => (format === "dynamic-vhd" ? [] : [format])),
    });
    // a fixed and a dynamic one have the same name
    dynamic = await buildDisks(diskOs("hello from a disk"), { format: "dynamic-vhd", lock: all.lock });
    judge("tar", "-xf", all.path(".img.tar.gz"), "-C", folder.path);
  });
  after(() => folder[Symbol.asyncDispose]());

  for (const { format, suffix, driver, on } of ROWS) {
    for (const [firmware, as = "disk"] of on) {
      test(`${format}, ${firmware}, as a ${as}`, async () => {
        const path = format === "gcp" ? join(folder.path, "disk.raw") : (format === "dynamic-vhd" ? dynamic : all).path(suffix);
        assert.equal((await bootDisk({ path, driver, firmware, as })).answer, "hello from a disk");
      });
    }
  }
});

test("a CD behind a controller without a driver reports it, and names a kernel with the driver", async () => {
  const built = await buildDisks(diskOs("hello", { cmdline: "console=ttyS0 linuxkit.rootwait=1" }), { format: "iso-bios" });
  const { answer } = await bootDisk(
    { path: built.path(".iso"), driver: "raw", firmware: "bios", as: "cd" },
    async (console) => /linuxkit - \S+ failed (.*)\r?\n/.exec(console)?.[1],
  );
  assert.match(
    answer,
    /^no root after 1 s .*, found no disk, a SATA controller that this kernel has no driver for \(debian\.kernel\(\{ flavour: "generic" \}\) has it\)/,
  );
});
