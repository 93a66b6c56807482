import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Run } from "./build-rows.ts";
import { type Bar, barChart } from "./plot.ts";
import { figure, type Row } from "./row.ts";

/** What is drawn. */
export interface Drawn {
  /** MB of kernel and initrd without the service. */
  readonly base: number;
  readonly run: Run;
  readonly boot: readonly Row[];
  readonly formats: readonly Row[];
  readonly uploads: readonly Row[];
}

/** Draws the plots of docs/benchmarks.md into that folder. */
export function writePlots(folder: string, { base, run, boot, formats, uploads }: Drawn): void {
  mkdirSync(folder, { recursive: true });
  const draw = (name: string, title: string, bars: readonly Bar[]) => writeFileSync(join(folder, `${name}.svg`), barChart(title, bars));
  const { value = 0, floor = 0 } = boot.find(({ what }) => what.includes("first answer")) ?? {};
  draw("boot", "Seconds from QEMU's start to the first answer", [
    { label: "the kernel alone", value: floor, text: figure(floor, "s"), ours: false },
    { label: "pulumi-linuxkit, web server", value, text: figure(value, "s"), ours: true },
    { label: "LinuxKit, web server (2026-11-24)", value: 5.6, text: "5.4 to 5.8 s", ours: false },
  ]);
  draw("formats", "MB/s of content written as a disk of 4 GiB", beside(formats, "qemu-img convert"));
  draw("uploads", "MB/s of a GiB sent to a server on loopback", beside(uploads, "the cloud's own client, or fetch"));
  const service = run.segments.find(({ name }) => name === "services.web")?.size ?? 0;
  draw("size", "MB of kernel and initrd, with a web server", [
    { label: "pulumi-linuxkit, nginx", value: base + service / 1e6, text: figure(base + service / 1e6, "MB"), ours: true },
    { label: "pulumi-linuxkit, without it", value: base, text: figure(base, "MB"), ours: true },
    { label: "LinuxKit, BusyBox web server", value: 65.6, text: "65.6 MB", ours: false },
  ]);
}

/** Each row that has a floor, above the floor. */
function beside(rows: readonly Row[], other: string): Bar[] {
  return rows.flatMap(({ what, value, unit, floor }) =>
    floor === undefined
      ? []
      : [
          { label: what.replace(/, on loopback$/, ""), value, text: figure(value, unit), ours: true },
          { label: other, value: floor, text: figure(floor, unit), ours: false },
        ],
  );
}
