import { randomFillSync } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileEntry } from "../sdk/archive/entry.ts";
import { DockerRegistry } from "../test/support/docker-registry.ts";
import { mustRun } from "../test/support/run-tool.ts";
import { child } from "./child.ts";
import { writeImage } from "./image.ts";
import { inPairs, throughput } from "./pairs.ts";
import type { Row } from "./row.ts";
import { timed } from "./timed.ts";

const LAYERS = 8;
const LAYER_MIB = 256;
const PAIRS = 5;

/**
 * Pulls an image of 2 GiB from Debian's docker-registry on loopback into an OCI layout, in turn with skopeo doing the
 * same: both check every digest and flush every file, and both are timed from the process's start to its end.
 */
export async function pullRows(folder: string, limitMB: number): Promise<Row[]> {
  await using registry = await DockerRegistry.start();
  const source = join(folder, "pull-source");
  // noise, which does not compress
  const layers = Array.from({ length: LAYERS }, (_, layer) => () => [
    fileEntry(`layer${layer}`, randomFillSync(Buffer.allocUnsafe(LAYER_MIB << 20))),
  ]);
  const bytes = await writeImage(source, layers);
  const reference = `${registry.host}/bench:1`;
  await mustRun("skopeo", "copy", "--dest-tls-verify=false", `oci:${source}:1`, `docker://${reference}`);
  rmSync(source, { recursive: true });
  const [here, there] = [join(folder, "pull-ours"), join(folder, "pull-skopeo")];
  const peaks: number[] = [];
  const into = (made: string, run: () => Promise<unknown>) => async (): Promise<number> => {
    const seconds = await timed(run);
    rmSync(made, { recursive: true });
    return seconds;
  };
  const pull = into(here, async () => peaks.push((await child<{ peakMB: number }>("pull", reference, here)).peakMB));
  const copy = into(there, () => mustRun("skopeo", "copy", "--src-tls-verify=false", `docker://${reference}`, `oci:${there}:1`));
  const pairs = await inPairs(PAIRS, pull, copy);
  return [
    {
      what: "pull: 2 GiB into an OCI layout",
      ...throughput(bytes, pairs),
      floorIs: "skopeo copy of the same image",
      leastRatio: 1,
    },
    { what: "pull: peak memory", value: Math.max(...peaks), unit: "MB", limit: limitMB },
  ];
}
