import { createReadStream, createWriteStream, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import type { Built } from "pulumi-linuxkit";
import { child, median } from "./child.ts";
import type { Row } from "./row.ts";

/** What `process/build.ts` prints. */
export type Run = Built & { readonly seconds: number; readonly peakMB: number };

const here = (name: string): string => new URL(name, import.meta.url).pathname;
const WARM_RUNS = 3;

/** Builds the web OS cold and warm. The floors compress the same bytes and do nothing else, or copy them. */
export async function webRows(folder: string): Promise<{ rows: Row[]; run: Run }> {
  const [cache, out] = [join(folder, "cache"), join(folder, "out")];
  const first = await child<Run>("build", cache, out, here("./os.ts"));
  const lock = join(folder, "lock.json");
  await pipeline([Buffer.from(JSON.stringify(first.lock))], createWriteStream(lock));
  rmSync(join(cache, "segments"), { recursive: true });
  const cold = await child<Run>("build", cache, out, here("./os.ts"), lock);
  const changes: number[] = [];
  for (let run = 0; run < WARM_RUNS; run++) {
    process.env.BENCH_LINE = `run ${run}`;
    changes.push((await child<Run>("build", cache, join(folder, "changed"), here("./changed-os.ts"), lock)).seconds);
  }
  const floor = await compressionFloor(cold, cache, folder);
  const warm: number[] = [];
  const copies: number[] = [];
  for (let run = 0; run < WARM_RUNS; run++) {
    warm.push((await child<Run>("build", cache, out, here("./os.ts"), lock)).seconds);
    copies.push((await child<{ seconds: number }>("copy", join(out, "bench-initrd.img"), join(folder, "copy"))).seconds);
  }
  return {
    run: cold,
    rows: [
      { what: "web: everything fetched and built", value: first.seconds, unit: "s" },
      {
        what: "web: cold build (packages cached)",
        value: cold.seconds,
        unit: "s",
        floor: floor.seconds,
        floorIs: "zstd alone on the same bytes, same levels",
      },
      {
        what: "web: build after a changed line of one service",
        value: median(changes),
        unit: "s",
        floor: cold.seconds,
        floorIs: "the cold build",
        limitRatio: 0.25,
      },
      {
        what: "web: warm build",
        value: median(warm),
        unit: "s",
        floor: median(copies),
        floorIs: "copying the initrd through Node with sha256 and fsync",
      },
      { what: "web: peak memory of the cold build", value: cold.peakMB, unit: "MB" },
      {
        what: "web: initrd in zstd",
        value: floor.zstd / 1e6,
        unit: "MB",
        floor: floor.gzip / 1e6,
        floorIs: "the same archives by gzip -9",
      },
    ],
  };
}

/** Builds an OS with this many MiB of files that do not compress; base segments are cached. */
export async function largeRows(folder: string, mib: number, limitMB: number): Promise<Row[]> {
  const [cache, out] = [join(folder, "cache"), join(folder, `out-${mib}`)];
  const module = here(`./large-${mib}.ts`);
  process.env.BENCH_FOLDER = folder;
  const lock = join(folder, "lock.json");
  const cold = await child<Run>("build", cache, out, module, lock);
  const ratios: number[] = [];
  const warms: Run[] = [];
  const copies: number[] = [];
  for (let run = 0; run < (mib > 1024 ? 1 : WARM_RUNS); run++) {
    const warm = await child<Run>("build", cache, out, module, lock);
    const copy = await child<{ seconds: number }>("copy", join(out, "bench-initrd.img"), join(folder, "copy"));
    warms.push(warm);
    copies.push(copy.seconds);
    ratios.push(warm.seconds / copy.seconds);
  }
  rmSync(join(folder, "copy"), { force: true });
  rmSync(out, { recursive: true });
  const peak = Math.max(cold.peakMB, ...warms.map(({ peakMB }) => peakMB));
  return [
    { what: `${mib} MiB: cold build (base segments cached)`, value: cold.seconds, unit: "s" },
    {
      what: `${mib} MiB: warm build`,
      value: median(warms.map(({ seconds }) => seconds)),
      unit: "s",
      floor: median(copies),
      floorIs: "copying the initrd through Node with sha256 and fsync",
      limitRatio: 3,
    },
    { what: `${mib} MiB: peak memory, cold and warm`, value: peak, unit: "MB", limit: limitMB },
  ];
}

// each segment's archive, unpacked, and packed again at its own level by node:zlib alone
async function compressionFloor(run: Run, cache: string, folder: string): Promise<{ seconds: number; zstd: number; gzip: number }> {
  const plain = join(folder, "segment.cpio");
  const kept = join(cache, "segments");
  const files = readdirSync(kept).map((name) => ({ path: join(kept, name), size: statSync(join(kept, name)).size }));
  const sum = { seconds: 0, zstd: 0, gzip: 0 };
  for (const { name, size } of run.segments) {
    // the cache names a segment by the hash of its inputs; here the sizes tell them apart
    const file = files.find((candidate) => candidate.size === size);
    if (!file) throw new Error(`no file of ${size} bytes for the segment ${name}`);
    await pipeline(createReadStream(file.path), createZstdDecompress(), createWriteStream(plain));
    const level = name === "init" || name === "modules" ? "19" : "3";
    sum.seconds += (await child<{ seconds: number }>("compress", plain, "zstd", level)).seconds;
    sum.gzip += (await child<{ size: number }>("compress", plain, "gzip", "9")).size;
    sum.zstd += size;
  }
  rmSync(plain);
  return sum;
}
