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
  readonly on: readonly (readonly [DiskMachine["firmware"], DiskMachine["as"]?])[];
}

/** A format whose disk is, to QEMU, the same as a raw one of {@link ROWS}. */
interface Twin {
  readonly format: FormatName;
  readonly suffix: string;
  /** QEMU's name of the format. */
  readonly driver: string;
  readonly raw: string;
}

const BOTH = [["bios"], ["efi"]] as const;

const ROWS: readonly Row[] = [
  { format: "raw-bios", suffix: "-bios.img", on: [["bios"]] },
  { format: "raw-efi", suffix: "-efi.img", on: [["efi"]] },
  { format: "raw-hybrid", suffix: "-hybrid.img", on: BOTH },
  {
    format: "iso-bios",
    suffix: ".iso",
    on: [
      ["bios", "scsi-cd"],
      ["bios", "disk"],
    ],
  },
  {
    format: "iso-efi",
    suffix: "-efi.iso",
    on: [
      ["efi", "scsi-cd"],
      ["efi", "disk"],
    ],
  },
  { format: "iso-efi-initrd", suffix: "-efi-initrd.iso", on: [["efi", "cd"]] },
  { format: "aws", suffix: ".raw", on: BOTH },
  { format: "gcp", suffix: ".img.tar.gz", on: BOTH },
];

const TWINS: readonly Twin[] = [
  { format: "qcow2-bios", suffix: ".qcow2", driver: "qcow2", raw: "-bios.img" },
  { format: "qcow2-efi", suffix: "-efi.qcow2", driver: "qcow2", raw: "-efi.img" },
  { format: "vhd", suffix: ".vhd", driver: "vpc", raw: "-hybrid.img" },
  { format: "dynamic-vhd", suffix: ".vhd", driver: "vpc", raw: "-hybrid.img" },
  { format: "vmdk", suffix: ".vmdk", driver: "vmdk", raw: "-hybrid.img" },
];

type Disks = Built & { path(suffix: string): string };

describe("a machine started from", () => {
  let folder: Awaited<ReturnType<typeof scratch>>;
  let all: Disks;
  let dynamic: Disks;
  before(async () => {
    folder = await scratch();
    all = await buildDisks(diskOs("hello from a disk"), {
      formats: [...ROWS, ...TWINS].flatMap(({ format }) => (format === "dynamic-vhd" ? [] : [format])),
    });
    // a fixed and a dynamic one have the same name
    dynamic = await buildDisks(diskOs("hello from a disk"), { format: "dynamic-vhd", lock: all.lock });
    judge("tar", "-xf", all.path(".img.tar.gz"), "-C", folder.path);
  });
  after(() => folder[Symbol.asyncDispose]());

  for (const { format, suffix, on } of ROWS) {
    for (const [firmware, as = "disk"] of on) {
      test(`${format}, ${firmware}, as a ${as}`, async () => {
        const path = format === "gcp" ? join(folder.path, "disk.raw") : all.path(suffix);
        assert.equal((await bootDisk({ path, driver: "raw", firmware, as })).answer, "hello from a disk");
      });
    }
  }

  for (const { format, suffix, driver, raw } of TWINS) {
    test(`${format} would see the bytes of the disk ${raw}`, () => {
      const path = (format === "dynamic-vhd" ? dynamic : all).path(suffix);
      assert.equal(judge("qemu-img", "compare", "-f", "raw", "-F", driver, all.path(raw), path), "Images are identical.\n");
    });
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
