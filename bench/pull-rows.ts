import { randomFillSync } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileEntry } from "../sdk/archive/entry.ts";
import { DockerRegistry } from "../test/support/docker-registry.ts";
import { mustRun } from "../test/support/run-tool.ts";
import { child, median } from "./child.ts";
import { writeImage } from "./image.ts";
import type { Row } from "./row.ts";

const LAYERS = 8;
const LAYER_MIB = 256;
const RUNS = 3;

/** Pulls an image of 2 GiB from Debian's docker-registry on loopback into an OCI layout, in turn with skopeo doing the same. */
export async function pullRows(folder: string, limitMB: number): Promise<Row[]> {
  await using registry = await DockerRegistry.start();
  const source = join(folder, "pull-source");
  // noise, which no compression makes smaller
  const layers = Array.from({ length: LAYERS }, (_, layer) => () => [fileEntry(`layer${layer}`, randomFillSync(Buffer.allocUnsafe(LAYER_MIB << 20)))]);
  const bytes = await writeImage(source, layers);
  const reference = `${registry.host}/bench:1`;
  await mustRun("skopeo", "copy", "--dest-tls-verify=false", `oci:${source}:1`, `docker://${reference}`);
  rmSync(source, { recursive: true });
  const ours: { seconds: number; peakMB: number }[] = [];
  const theirs: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    const [here, there] = [join(folder, "pull-ours"), join(folder, "pull-skopeo")];
    ours.push(await child<{ seconds: number; peakMB: number }>("pull", reference, here));
    const began = performance.now();
    await mustRun("skopeo", "copy", "--src-tls-verify=false", `docker://${reference}`, `oci:${there}:1`);
    theirs.push((performance.now() - began) / 1000);
    for (const made of [here, there]) rmSync(made, { recursive: true });
  }
  const perSecond = (seconds: readonly number[]): number => bytes / 1e6 / median(seconds);
  return [
    { what: "pull: 2 GiB into an OCI layout", value: perSecond(ours.map(({ seconds }) => seconds)), unit: "MB/s", floor: perSecond(theirs), floorIs: "skopeo copy of the same image", leastRatio: 1 },
    { what: "pull: peak memory", value: Math.max(...ours.map(({ peakMB }) => peakMB)), unit: "MB", limit: limitMB },
  ];
}
