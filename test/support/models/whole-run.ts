/**
 * Judges every request that the stand-ins of a run of tests have taken by the clouds' own models, after the last test:
 * `node --test --test-global-setup=test/support/models/whole-run.ts`. A violation fails the run.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { coverageLines, judged } from "./coverage.ts";
import { FOLDER, recordedIn } from "./recorded.ts";

/** Every process of the run inherits the folder. */
export async function globalSetup(): Promise<void> {
  process.env[FOLDER] = await mkdtemp(join(tmpdir(), "requests-"));
}

export async function globalTeardown(): Promise<void> {
  const folder = process.env[FOLDER] as string;
  try {
    const requests = recordedIn(folder);
    if (requests.length === 0) return;
    const { cloudModels } = await import("./judge.ts");
    const found = judged(await cloudModels(), requests);
    for (const line of coverageLines(found)) console.log(`ℹ ${line}`);
    for (const violation of found.violations) console.error(`✖ ${violation}`);
    if (found.violations.length > 0) process.exitCode = 1;
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
