/*
 * Does one build and prints its time and memory: `build.ts CACHE OUT IMAGE.ts [LOCK [FORMAT…]]`. It is a process of its own, so its
 * peak memory is the build's.
 */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { build, type FormatName, type Image } from "pulumi-linuxkit";

const [cacheDir, outputDir, module, lock, ...formats] = process.argv.slice(2) as [string, string, string, string?, ...FormatName[]];
const { os } = (await import(pathToFileURL(module).href)) as { os: Image };
const began = performance.now();
const built = await build(os, {
  cacheDir,
  outputDir,
  name: "bench",
  ...(formats.length > 0 && { formats }),
  ...(lock && { lock: JSON.parse(readFileSync(lock, "utf8")) }),
});
const seconds = (performance.now() - began) / 1000;
const peakMB = (Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) * 1024) / 1e6;
process.stdout.write(JSON.stringify({ seconds, peakMB, ...built }));
