/*
 * Writes disk formats, one after the other: `format.ts FORMAT,… FROM TO RUN…`. Each RUN is an `offset:length` of the raw disk FROM
 * that holds data. It is a process of its own, so its peak memory is the writers'.
 */
import { readFileSync, statSync } from "node:fs";

// the compiled code, as users run it: stripping types would take memory
const dist = (module: string): Promise<unknown> => import(new URL(`../../dist/sdk/${module}.js`, import.meta.url).href);
const { fileBytes } = (await dist("core/file-bytes")) as typeof import("../../sdk/core/file-bytes.ts");
const { writeFileWhole } = (await dist("core/write-file")) as typeof import("../../sdk/core/write-file.ts");
const { keepHeapSmall } = (await dist("core/small-heap")) as typeof import("../../sdk/core/small-heap.ts");
const { makeDisk, readDisk } = (await dist("disk/extent")) as typeof import("../../sdk/disk/extent.ts");
const { writeGcp } = (await dist("format/gcp")) as typeof import("../../sdk/format/gcp.ts");
const { writeQcow2 } = (await dist("format/qcow2")) as typeof import("../../sdk/format/qcow2.ts");
const { writeDynamicVhd, writeFixedVhd } = (await dist("format/vhd")) as typeof import("../../sdk/format/vhd.ts");
const { writeVmdk } = (await dist("format/vmdk")) as typeof import("../../sdk/format/vmdk.ts");

// as the plugin and the command do
keepHeapSmall();
const [formats, from, to, ...runs] = process.argv.slice(2) as [string, string, string, ...string[]];
const extents = runs.map((run) => {
  const [offset, length] = run.split(":").map(Number) as [number, number];
  return { offset, length, source: fileBytes(from, { start: offset, length, memory: "reused" }) };
});
const disk = makeDisk(statSync(from).size, extents);
const WRITERS = {
  raw: () => readDisk(disk),
  qcow2: () => writeQcow2(disk),
  vhd: () => writeFixedVhd(disk, "bench"),
  "dynamic-vhd": () => writeDynamicVhd(disk, "bench"),
  vmdk: () => writeVmdk(disk, { seed: "bench" }),
  gcp: () => writeGcp(disk),
};
const began = performance.now();
for (const format of formats.split(",")) await writeFileWhole(to, WRITERS[format as keyof typeof WRITERS]());
const seconds = (performance.now() - began) / 1000;
const peakMB = (Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024) / 1e6;
process.stdout.write(JSON.stringify({ seconds, peakMB }));
