import { existsSync, mkdirSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { median } from "./child.ts";
import { cpuOf, type Used } from "./cpu.ts";
import type { Row } from "./row.ts";
import { yamlCase } from "./yaml-images.ts";

const COMMAND = [process.execPath, fileURLToPath(new URL("../bin/pulumi-linuxkit", import.meta.url))];
const RUNS = 3;
/** CPU seconds of the overview, Node's own start included. */
const START_LIMIT = 0.15;

/**
 * The command's start, and its builds of an unchanged LinuxKit YAML with cached images, in turn with `linuxkit build` where
 * that is on PATH.
 */
export async function yamlRows(folder: string, limitMB: number): Promise<Row[]> {
  const own = join(folder, "yaml");
  mkdirSync(own);
  const { ours, theirs, theirCache } = await yamlCase(own);
  const env = { PULUMI_LINUXKIT_CACHE: join(own, "cache") };
  const out = join(own, "out");
  const build = () => cpuOf([...COMMAND, "build", ours, "--out", out, "--name", "os"], env);
  const linuxkit = (process.env.PATH ?? "")
    .split(delimiter)
    .map((bin) => join(bin, "linuxkit"))
    .find((path) => existsSync(path));
  const peer = ["build", "--cache", theirCache, "--format", "kernel+initrd", "--no-sbom", "--dir", out, "--name", "theirs", theirs];
  const [start, bare, cold, warm, other]: Used[][] = [[], [], [], [], []];
  // fetches the images and fills the compile cache
  build();
  for (let run = 0; run < RUNS; run++) {
    rmSync(join(own, "cache", "segments"), { recursive: true });
    cold?.push(build());
    if (linuxkit) other?.push(cpuOf([linuxkit, ...peer]));
    warm?.push(build());
    start?.push(cpuOf([...COMMAND, "--help"], env));
    bare?.push(cpuOf([process.execPath, "-e", "0"]));
  }
  rmSync(own, { recursive: true });
  const seconds = (used: readonly Used[] | undefined): number => median((used ?? []).map((one) => one.seconds));
  const beside = (is: string, limitRatio: number): Partial<Row> =>
    linuxkit ? { floor: seconds(other), floorIs: `linuxkit build of the same YAML, ${is}`, limitRatio } : {};
  return [
    {
      what: "CPU of pulumi-linuxkit --help",
      value: seconds(start),
      unit: "s",
      floor: seconds(bare),
      floorIs: "node -e 0",
      limit: START_LIMIT,
    },
    { what: "CPU of a cold build of a LinuxKit YAML, images cached", value: seconds(cold), unit: "s", ...beside("CPU", 1) },
    { what: "CPU of a warm build of a LinuxKit YAML", value: seconds(warm), unit: "s", ...beside("CPU: it has no warm build", 0.2) },
    {
      what: "peak memory of these builds",
      value: Math.max(...[...(cold ?? []), ...(warm ?? [])].map(({ peakMB }) => peakMB)),
      unit: "MB",
      limit: limitMB,
    },
  ];
}
