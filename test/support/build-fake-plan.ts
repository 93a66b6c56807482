/**
 * Builds a plan of one segment of noise, for tests that kill the process or limit what it may write.
 * Usage: build-fake-plan.ts FOLDER MIB [slow]; prints `started` once bodies flow, then a line with the outcome.
 */
import { join } from "node:path";
import { type Entry, fileEntry } from "../../sdk/archive/entry.ts";
import { buildPlan } from "../../sdk/builder/build-plan.ts";
import { BlobStore } from "../../sdk/cache/blob-store.ts";
import { isLinuxKitError } from "../../sdk/core/errors.ts";
import { fakeSources, noise, planOf, segment, unpack } from "./fake-plan.ts";

const [folder = "", mib = "1", pace] = process.argv.slice(2);
const cacheDir = join(folder, "cache");

function* tree(): Generator<Entry> {
  for (let at = 0; at < Number(mib); at++) yield { ...fileEntry(`f${at}`, ""), size: 1 << 20, body: body(at) };
}

async function* body(at: number): AsyncGenerator<Uint8Array> {
  yield* noise(1 << 20, String(at));
  if (at === 1) console.log("started");
  if (pace === "slow") await new Promise((resolve) => setTimeout(resolve, 20));
}

try {
  const artifact = await buildPlan(planOf(segment("noise", unpack("noise"))), {
    name: "os",
    outputDir: join(folder, "out"),
    cacheDir,
    store: new BlobStore(cacheDir),
    sources: fakeSources({ noise: tree }),
  });
  console.log(artifact.digest);
} catch (error) {
  console.log(isLinuxKitError(error) ? `${error.code}: ${error.message}` : String(error));
}
