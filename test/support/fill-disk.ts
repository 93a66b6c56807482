/**
 * Builds formats, each into a folder of its own, for a test that limits what the process may write.
 * Usage: fill-disk.ts CACHE OUT FORMAT…; prints a line of JSON for each: the code of its error, and the files it left.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import type { FormatName } from "../../sdk/format/formats.ts";
import { buildDisk } from "./disk-plan.ts";

const [cacheDir = "", out = "", ...formats] = process.argv.slice(2);
for (const format of formats as FormatName[]) {
  const outputDir = join(out, format);
  const code = await buildDisk(format, outputDir, { cacheDir }).then(
    () => "none",
    (error: unknown) => (isLinuxKitError(error) ? error.code : String(error)),
  );
  console.log(JSON.stringify({ format, code, left: await readdir(outputDir).catch(() => []) }));
}
