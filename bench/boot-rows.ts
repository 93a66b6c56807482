import { writeFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { floorInitrd } from "../test/support/floor.ts";
import { bootOnce, type BootTimes } from "./boot.ts";
import type { Run } from "./build-rows.ts";
import { countedRow } from "./counted-row.ts";
import { child, median } from "./child.ts";
import type { Row } from "./row.ts";

const PAIRS = 5;
const MEMORY_MIB = 256;
const NONCE = "bench";

/** Boots the web OS and the floor in turn, on the same kernel, memory, CPU and devices. */
export async function bootRows(folder: string, web: Run): Promise<Row[]> {
  const out = join(folder, "out");
  const nonceFile = join(folder, "nonce");
  writeFileSync(nonceFile, NONCE);
  const floorFile = join(folder, "floor.img");
  await writeFile(floorFile, await floorInitrd(await readFile("/bin/busybox")));
  const machine = { kernel: join(out, "bench-kernel"), cmdline: web.cmdline, memoryMiB: MEMORY_MIB, nonce: NONCE, nonceFile };
  const floors: BootTimes[] = [];
  const boots: BootTimes[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    floors.push(await bootOnce({ ...machine, initrd: floorFile, floor: true }));
    boots.push(await bootOnce({ ...machine, initrd: join(out, "bench-initrd.img"), floor: false }));
  }
  const floor = median(floors.map(({ answer }) => answer));
  const middle = (stage: "kernel" | "init" | "healthy" | "answer"): number => median(boots.map((boot) => boot[stage] ?? Number.NaN));
  return [
    {
      what: "boot: QEMU start to our first line (kernel)",
      value: middle("kernel"),
      unit: "s",
      floor,
      floorIs: "the same kernel with its own defaults and a one-line init",
    },
    { what: "boot: to init", value: middle("init"), unit: "s" },
    { what: "boot: to healthy", value: middle("healthy"), unit: "s" },
    {
      what: "boot: to the first answer on the host's port",
      value: middle("answer"),
      unit: "s",
      floor,
      floorIs: "the same kernel with its own defaults and a one-line init",
      limitRatio: 2.4,
    },
    await countedRow({ ...machine, floor: floorFile, initrd: join(out, "bench-initrd.img") }),
    await memoryRow(folder, machine),
  ];
}

/** What the guest uses of its memory once it is healthy, read from its own kernel. */
async function memoryRow(
  folder: string,
  machine: { readonly nonce: string; readonly nonceFile: string; readonly memoryMiB: number },
): Promise<Row> {
  const out = join(folder, "metered");
  const run = await child<Run>(
    "build",
    join(folder, "cache"),
    out,
    new URL("./metered-os.ts", import.meta.url).pathname,
    join(folder, "lock.json"),
  );
  const { page = "" } = await bootOnce({
    ...machine,
    kernel: join(out, "bench-kernel"),
    initrd: join(out, "bench-initrd.img"),
    cmdline: run.cmdline,
    floor: false,
    page: "/meter/meminfo",
  });
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(page)?.[1] ?? Number.NaN);
  return {
    what: `guest memory in use when healthy, of ${machine.memoryMiB} MiB`,
    value: ((kilobytes("MemTotal") - kilobytes("MemAvailable")) * 1024) / 1e6,
    unit: "MB",
  };
}
