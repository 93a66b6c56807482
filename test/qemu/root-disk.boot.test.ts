import assert from "node:assert/strict";
import { access, copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "../../sdk/builder/build.ts";
import type { Properties } from "../../sdk/plugin/value.ts";
import { askAt } from "../guest/image.ts";
import { noise } from "../support/fake-plan.ts";
import { scratch } from "../support/judge.ts";
import { FleetRun } from "./fleet-run.ts";
import { endsByItsKernel, isLargeRoot, largeOs, sha256sum } from "./large-root.ts";
import { MachineRun } from "./machine-run.ts";

const LARGE_MIB = 200;
const MEMORY_MIB = 160;

describe("a machine with its root on a disk", { timeout: 600_000 }, () => {
  let folder: Awaited<ReturnType<typeof scratch>>;
  let given: Properties;
  let pathOf: (suffix: string) => string;
  let large: string;
  before(async () => {
    folder = await scratch();
    const { image, sha256 } = await largeOs(folder, noise(LARGE_MIB << 20), " linuxkit.rootwait=60");
    large = sha256;
    const { digest, cmdline, memoryMiB } = await build(image, {
      formats: ["kernel+squashfs", "kernel+erofs", "kernel+initrd"],
      outputDir: folder.path,
      name: "os",
      sbom: false,
    });
    // the file needs memory twice: packed, as it does not compress, and unpacked
    assert.ok((memoryMiB ?? 0) > 2 * LARGE_MIB, `${memoryMiB}`);
    pathOf = (suffix) => join(folder.path, `os${suffix}`);
    given = { kernel: pathOf("-kernel"), initrd: pathOf("-base-initrd.img"), digest, cmdline, memoryMiB: MEMORY_MIB, publish: ["0:80"] };
  });
  after(() => folder[Symbol.asyncDispose]());

  for (const [kind, wanted] of [
    ["squashfs", ""],
    ["erofs", " root=LABEL=linuxkit"],
  ] as const) {
    test(`boots ${kind} with less memory than the size of the root${wanted && `, named by "${wanted.trim()}"`}`, async () => {
      await using run = await MachineRun.make();
      const root = pathOf(`-${kind}.img`);
      const untouched = await sha256sum(root);
      const { outputs } = await run.create({ ...given, root, cmdline: `${given.cmdline as string}${wanted}` });

      await isLargeRoot(outputs.url, large);
      assert.deepEqual((await askAt(outputs.url, "cat /sys/block/vda/ro /sys/block/vda/serial; echo; ls /sys/block")).trim().split(/\s+/), [
        "1",
        "root",
        "vda",
      ]);
      assert.equal(await sha256sum(root), untouched);
      await endsByItsKernel(outputs);
    });
  }

  test("is refused with too little memory for an initramfs, with figures and advice", async () => {
    await using run = await MachineRun.make();
    await assert.rejects(run.create({ ...given, initrd: pathOf("-initrd.img") }), {
      code: "TOO_LARGE",
      message: /memoryMiB: got 160, wanted at least 4\d\d, .*format kernel\+squashfs or kernel\+erofs$/,
    });
  });

  const quick = (): Properties => ({ ...given, cmdline: (given.cmdline as string).replace("rootwait=60", "rootwait=1") });
  for (const [name, spoilInputs, message] of [
    [
      "that is missing",
      async () => quick(),
      /did not boot: no root after 1 s .*wanted squashfs [0-9a-f]{8} or erofs [0-9a-f]{8} or .*, found no disk/,
    ],
    [
      "that is named and missing",
      async () => ({ ...quick(), root: pathOf("-erofs.img"), cmdline: `${quick().cmdline as string} root=LABEL=elsewhere` }),
      /no root after 1 s .*wanted LABEL=elsewhere, found vda \(erofs [0-9a-f]{8} "linuxkit"\)/,
    ],
    [
      "that is truncated",
      async () => ({ ...quick(), root: await cut() }),
      /the root on \/dev\/vda \(squashfs\) cannot be mounted: .*; the image is damaged, or cut short/,
    ],
  ] as const) {
    test(`fails with the reason for a root ${name}`, async () => {
      await using run = await MachineRun.make();
      await assert.rejects(run.create(await spoilInputs()), { code: "BOOT_FAILED", message });
    });
  }

  test("in a fleet rolls back from its own copy if the next root fails", async () => {
    const stateDir = join(folder.path, "fleet");
    const run = new FleetRun(stateDir);
    // each machine's folder keeps a copy of what it boots
    const moved = join(folder.path, "moved.img");
    await copyFile(pathOf("-squashfs.img"), moved);
    const fleet = { ...quick(), kind: "qemu", fleet: "web", count: 1, healthTimeout: 100, root: moved };
    const { id, outputs } = await run.create(fleet);
    try {
      await rm(moved);
      const spoiled = { ...fleet, root: await cut(), digest: `sha256:${"1".repeat(64)}` };
      await assert.rejects(run.update(id, spoiled, fleet, outputs), {
        code: "ROLLOUT_FAILED",
        message: /the root on \/dev\/vda \(squashfs\) cannot be mounted/,
      });
      const after = await run.read(id, fleet, outputs);
      assert.notEqual(after.machines[0]?.bootId, outputs.machines[0]?.bootId);
      assert.match(await askAt(after.urls[0] as string, "grep ' /host ' /proc/mounts"), /^overlay \/host overlay ro,/m);
    } finally {
      await run.delete(id, fleet, outputs);
    }
    await assert.rejects(access(stateDir), { code: "ENOENT" });
  });

  async function cut(): Promise<string> {
    const path = join(folder.path, "cut.img");
    await writeFile(path, (await readFile(pathOf("-squashfs.img"))).subarray(0, 4 << 20));
    return path;
  }
});
