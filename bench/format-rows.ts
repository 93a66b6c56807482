import { randomBytes, randomFillSync } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { mustRun } from "../test/support/run-tool.ts";
import { child } from "./child.ts";
import { inPairs, throughput } from "./pairs.ts";
import type { Row } from "./row.ts";
import { timed } from "./timed.ts";

const MIB = 1 << 20;
const DISK_BYTES = 4096 * MIB;
const PAIRS = 3;

/** The formats, and the options with which `qemu-img convert` writes the same kind of file. */
const FORMATS: readonly { readonly format: string; readonly qemu: readonly string[] }[] = [
  { format: "qcow2", qemu: ["-c", "-O", "qcow2"] },
  { format: "vmdk", qemu: ["-O", "vmdk", "-o", "subformat=streamOptimized"] },
  { format: "vhd", qemu: ["-O", "vpc", "-o", "subformat=fixed,force_size=on"] },
  { format: "dynamic-vhd", qemu: ["-O", "vpc", "-o", "subformat=dynamic,force_size=on"] },
];

/** What a disk of 4 GiB holds, in four places. */
const CONTENTS = [
  { what: "1 GiB of noise", bytes: 1024 * MIB, fill: (piece: Buffer) => randomFillSync(piece), formats: FORMATS, leastRatio: 1 },
  // gzip saves a quarter, and takes its time for it
  {
    what: "128 MiB of text",
    bytes: 128 * MIB,
    fill: (piece: Buffer) => piece.write(randomBytes((piece.length / 4) * 3).toString("base64"), "latin1"),
    formats: FORMATS.slice(0, 2),
    leastRatio: undefined,
  },
];

/**
 * Writes each disk format in turn with `qemu-img convert` of the same raw disk, which flushes its file too. Ours is timed
 * from the first byte read until everything is on disk, without the start of Node. qemu-img starts in 20 ms and is timed whole.
 */
export async function formatRows(folder: string, limitMB: number): Promise<Row[]> {
  const raw = join(folder, "disk.raw");
  const out = join(folder, "disk.out");
  const rows: Row[] = [];
  for (const { what, bytes, fill, formats, leastRatio } of CONTENTS) {
    const runs = await writeRaw(raw, bytes, fill);
    const write = (names: string) => child<{ seconds: number; peakMB: number }>("format", names, raw, out, ...runs);
    for (const { format, qemu } of formats) {
      const peaks: number[] = [];
      const ours = async (): Promise<number> => {
        await clear(out);
        const { seconds, peakMB } = await write(format);
        peaks.push(peakMB);
        return seconds;
      };
      const theirs = async (): Promise<number> => {
        await clear(out);
        return timed(() => mustRun("qemu-img", "convert", "-t", "writeback", "-f", "raw", ...qemu, raw, out));
      };
      const pairs = await inPairs(PAIRS, ours, theirs);
      rows.push({
        what: `${format}: ${what} on 4 GiB`,
        ...throughput(bytes, pairs),
        floorIs: `qemu-img convert ${qemu.join(" ")}`,
        ...(leastRatio !== undefined && { leastRatio }),
      });
      rows.push({ what: `${format}: ${what}, peak memory`, value: Math.max(...peaks), unit: "MB", limit: limitMB });
    }
    const all = ["raw", ...FORMATS.map(({ format }) => format), "gcp"];
    rows.push({
      what: `${all.join(", ")} in one process: ${what}, peak memory`,
      value: (await write(all.join(","))).peakMB,
      unit: "MB",
      limit: limitMB,
    });
  }
  for (const path of [raw, out]) await rm(path, { force: true });
  return rows;
}

/** Removes a file, and waits until its space is free: a filesystem discards blocks later, which would slow the next write. */
async function clear(path: string): Promise<void> {
  await rm(path, { force: true });
  await mustRun("sync");
  await sleep(2000);
}

/** Writes a sparse disk with a quarter of the content in each of its quarters, and returns these runs. */
async function writeRaw(path: string, bytes: number, fill: (piece: Buffer) => unknown): Promise<string[]> {
  await using file = await open(path, "w");
  await file.truncate(DISK_BYTES);
  const piece = Buffer.alloc(MIB);
  const runs: string[] = [];
  for (let quarter = 0; quarter < 4; quarter++) {
    const start = (quarter * DISK_BYTES) / 4 + MIB;
    for (let at = 0; at < bytes / 4; at += MIB) {
      fill(piece);
      await file.write(piece, 0, MIB, start + at);
    }
    runs.push(`${start}:${bytes / 4}`);
  }
  return runs;
}
