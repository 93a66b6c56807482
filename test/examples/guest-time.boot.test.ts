import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { buildDefinition } from "../../sdk/builder/build.ts";
import { countedBoot, countedFloor } from "../support/counted-boot.ts";
import { floorInitrd } from "../support/floor.ts";
import { scratch } from "../support/judge.ts";
import { webDefinition } from "../support/web-example.ts";

/** The floor is the same kernel with its own defaults and a one-line init. It is 1.46 to 1.48: both clocks show hundredths. */
const MOST = 1.5;

test(`examples/web is healthy within ${MOST} times the floor, by a clock that counts instructions`, { timeout: 600_000 }, async (t) => {
  await using folder = await scratch();
  const { files, segments, cmdline } = await buildDefinition(await webDefinition(), { format: "kernel+initrd", outputDir: folder.path });
  const pathOf = (role: string): string => files.find((file) => file.role === role)?.path ?? role;
  const apart = segments.filter(({ name }) => name === "services.web");
  assert.equal(apart.length, 1);
  const bytes = [...files.filter(({ role }) => role === "kernel" || role === "initrd"), ...apart.map(({ size }) => ({ size: -size }))];
  const megabytes = bytes.reduce((sum, { size }) => sum + size, 0) / 1e6;
  t.diagnostic(`${megabytes.toFixed(2)} MB without nginx`);
  assert.ok(megabytes <= 17.5, `${megabytes} MB`);

  const floorFile = join(folder.path, "floor.img");
  await writeFile(floorFile, await floorInitrd(await readFile("/bin/busybox")));
  const machine = { kernel: pathOf("kernel"), cmdline, memoryMiB: 256 };
  const floor = await countedFloor({ ...machine, initrd: floorFile });
  const stages = await countedBoot({ ...machine, initrd: pathOf("initrd") });
  t.diagnostic(
    `floor ${floor} s; ${Object.entries(stages)
      .map(([stage, seconds]) => `${stage} ${seconds}`)
      .join(", ")}`,
  ); // prettier-ignore
  assert.ok(stages.healthy <= MOST * floor, `${stages.healthy} s, and the floor is ${floor} s`);
});
