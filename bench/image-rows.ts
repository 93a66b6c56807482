import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileEntry } from "../sdk/archive/entry.ts";
import { mustRun } from "../test/support/run-tool.ts";
import type { Run } from "./build-rows.ts";
import { child, median } from "./child.ts";
import { writeImage } from "./image.ts";
import type { Row } from "./row.ts";

const FILES = 64;
const FILE_MIB = 4;
const RUNS = 3;

/** Builds the initrd of an OS of one image with cached layers, in turn with tar and gzip of the same tree at the same level. */
export async function imageRows(folder: string, limitMB: number): Promise<Row[]> {
  // text made of noise: gzip saves a quarter, and takes its time for it
  const files = Array.from({ length: FILES }, (_, index) => ({
    path: `file${index}`,
    text: randomBytes((FILE_MIB << 20) * 0.75).toString("base64"),
  }));
  const tree = join(folder, "image-tree");
  mkdirSync(tree);
  for (const { path, text } of files) writeFileSync(join(tree, path), text);
  const layout = join(folder, "image");
  await writeImage(layout, [() => files.map(({ path, text }) => fileEntry(path, text))]);
  const module = join(folder, "image-os.mjs");
  // beside the image, so that the reference is the same wherever the folder is
  writeFileSync(
    module,
    `import { Image } from ${JSON.stringify(new URL("../dist/sdk/index.js", import.meta.url).href)};\nexport const os = new Image({ init: [${JSON.stringify(`oci:${layout}:1`)}] });\n`,
  );
  const ours: Run[] = [];
  const theirs: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const [cache, out] = [join(folder, "image-cache"), join(folder, "image-out")];
    ours.push(await child<Run>("build", cache, out, module));
    const began = performance.now();
    await mustRun("sh", "-c", `tar -C ${tree} -cf - . | gzip -6 >${join(folder, "image.tar.gz")}`);
    theirs.push((performance.now() - began) / 1000);
    for (const made of [cache, out]) rmSync(made, { recursive: true });
  }
  const perSecond = (seconds: readonly number[]): number => (FILES * (FILE_MIB << 20)) / 1e6 / median(seconds);
  return [
    {
      what: "image of 256 MiB: built into an initrd",
      value: perSecond(ours.map(({ seconds }) => seconds)),
      unit: "MB/s",
      floor: perSecond(theirs),
      floorIs: "tar and gzip -6 of the same tree",
    },
    { what: "image of 256 MiB: peak memory", value: Math.max(...ours.map(({ peakMB }) => peakMB)), unit: "MB", limit: limitMB },
  ];
}
