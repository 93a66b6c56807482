import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Entry, fileEntry } from "../../sdk/archive/entry.ts";
import { writeCpio } from "../../sdk/archive/write-cpio.ts";
import { build } from "../../sdk/builder/build.ts";
import { collect } from "../../sdk/core/bytes.ts";
import type { Properties } from "../../sdk/plugin/value.ts";
import { askAt } from "../guest/image.ts";
import { noise } from "../support/fake-plan.ts";
import { scratch } from "../support/judge.ts";
import { endsByItsKernel, isLargeRoot, largeOs } from "./large-root.ts";
import { MachineRun } from "./machine-run.ts";

const LARGE_MIB = 64;
const MEMORY_MIB = 112;
/** Bytes of a packed root that is cut. */
const CUT = 4 << 20;

/** Bytes of which an eighth is noise. */
function* sparse(): Generator<Buffer> {
  for (const block of noise(LARGE_MIB << 17)) yield Buffer.concat([block, Buffer.alloc(7 * block.length)]);
}

describe("a machine with its root packed in memory", { timeout: 600_000 }, () => {
  let folder: Awaited<ReturnType<typeof scratch>>;
  let given: Properties;
  let pathOf: (suffix: string) => string;
  let large: string;
  before(async () => {
    folder = await scratch();
    const { image, sha256 } = await largeOs(folder, sparse());
    large = sha256;
    const options = { outputDir: folder.path, name: "os", sbom: false } as const;
    const unpacked = await build(image, { ...options, format: "kernel+initrd" });
    const { digest, cmdline, memoryMiB } = await build(image, { ...options, format: "kernel+squashfs-initrd" });
    // what is packed needs memory twice; what is unpacked, once more as a whole
    assert.ok((unpacked.memoryMiB ?? 0) > LARGE_MIB + 74, `${unpacked.memoryMiB}`);
    assert.ok((memoryMiB ?? 0) <= MEMORY_MIB, `${memoryMiB}`);
    pathOf = (suffix) => join(folder.path, `os${suffix}`);
    given = {
      kernel: pathOf("-kernel"),
      initrd: pathOf("-squashfs-initrd.img"),
      digest,
      cmdline,
      memoryMiB: MEMORY_MIB,
      publish: ["0:80"],
    };
  });
  after(() => folder[Symbol.asyncDispose]());

  test("boots with less memory than its root takes unpacked, and nothing leads to the file of its root", async () => {
    await using run = await MachineRun.make();
    const { outputs } = await run.create(given);
    // no warning of little memory
    assert.doesNotMatch(run.progress.map(({ message }) => message).join("\n"), /memoryMiB/);

    await isLargeRoot(outputs.url, large);
    // equal files are one file of the squashfs, and a write to one is not a write to the other
    const copy = "/host/containers/onboot/000-dhcp/rootfs/usr/bin/linuxkitd";
    const same = `cmp -s /host/init ${copy}`;
    // the init itself runs, and so takes no writes
    const apart = `rm /host/much; ${same} && echo equal; echo >>${copy}; ${same} || echo apart`;
    assert.deepEqual((await askAt(outputs.url, apart)).trim().split("\n"), ["equal", "apart"]);
    const device = "ls /sys/block; cat /sys/block/loop0/ro /sys/block/loop0/loop/autoclear /sys/block/loop0/loop/backing_file";
    assert.deepEqual((await askAt(outputs.url, device)).trim().split("\n"), ["loop0", "1", "1", "/root.squashfs (deleted)"]);
    assert.equal(await askAt(outputs.url, "find /host -xdev -name '*.squashfs'"), "");
    await endsByItsKernel(outputs);
  });

  for (const [what, initrd] of [
    ["unpacked", "-initrd.img"],
    ["packed", "-squashfs-initrd.img"],
  ] as const) {
    test(`is refused with too little memory for it ${what}, with figures and advice`, async () => {
      await using run = await MachineRun.make();
      const wanted =
        what === "packed" ? /or keep the root on a disk: / : /or keep the root packed in memory: format kernel\+squashfs-initrd, or /;
      await assert.rejects(run.create({ ...given, memoryMiB: what === "packed" ? 40 : MEMORY_MIB, initrd: pathOf(initrd) }), {
        code: "TOO_LARGE",
        message: wanted,
      });
    });
  }

  for (const [name, spoilInputs, message] of [
    [
      "that is damaged",
      async () => ({ ...given, initrd: await spoiled(async (carried) => collect(writeCpio(damaged(carried)))) }),
      /the root on \/dev\/loop0 \(squashfs\) cannot be mounted: .*; the image is damaged, or cut short/,
    ],
    [
      "that was not unpacked whole",
      async () => ({ ...given, initrd: await spoiled(async (carried) => carried.subarray(0, CUT)) }),
      /the image was not unpacked whole: \d+ MiB of memory is too little for it, or it is damaged/,
    ],
    [
      "in a kernel that has no loop devices",
      async () => ({ ...given, cmdline: `${given.cmdline as string} module_blacklist=loop` }),
      /the root stays packed, and the kernel has no loop devices to read it: wanted its module loop \(the kernel refused \["loop.ko"\]\)/,
    ],
  ] as const) {
    test(`fails with the reason for a root ${name}`, async () => {
      await using run = await MachineRun.make();
      await assert.rejects(run.create(await spoilInputs()), { code: "BOOT_FAILED", message });
    });
  }

  /** The initrd with another archive in the place of the one that carries the root. */
  async function spoiled(change: (carried: Buffer) => Promise<Buffer>): Promise<string> {
    const initrd = await readFile(pathOf("-squashfs-initrd.img"));
    const at = initrd.lastIndexOf("070701", initrd.indexOf("root.squashfs\0"));
    return folder.file("spoiled.img", [initrd.subarray(0, at), await change(initrd.subarray(at))]);
  }
});

/** What a carrying archive has, of the root only the first bytes. */
function damaged(carried: Buffer): Entry[] {
  const root = carried.subarray(carried.indexOf("hsqs"));
  return [fileEntry("root.squashfs", root.subarray(0, CUT)), fileEntry("etc/root", "squashfs 00000000\n")];
}
