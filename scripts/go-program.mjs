// Finds the judges of the tests that are Go programs, or builds them from their Go modules.
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheFolder } from "./engine.mjs";
import { findProgram, run } from "./run.mjs";

const PROGRAMS = {
  // the judge of signatures
  cosign: { version: "3.1.3", module: "github.com/sigstore/cosign/v3/cmd/cosign" },
  // the judge of SBOMs
  "osv-scanner": { version: "1.9.2", module: "github.com/google/osv-scanner/cmd/osv-scanner" },
  // the judge of uploads to Google Cloud Storage
  "fake-gcs-server": { version: "1.56.1", module: "github.com/fsouza/fake-gcs-server" },
};

/**
 * The folder that holds a program: its folder on PATH, else one in the cache, built now from its Go module where it is missing.
 *
 * @param {keyof typeof PROGRAMS} name
 * @returns {Promise<string>}
 */
export async function ensureGoProgram(name, { cacheDir = cacheFolder() } = {}) {
  const { version, module } = PROGRAMS[name];
  const found = findProgram(name);
  if (found) return dirname(found);
  const bin = join(cacheDir, name, version);
  if (findProgram(name, bin)) return bin;
  if (!findProgram("go")) throw new Error(`neither ${name} nor Go found: install one of them (Go 1.25 or newer), and try again`);
  const aside = join(cacheDir, name, `.${version}.${process.pid}.part`);
  try {
    await mkdir(aside, { recursive: true });
    await run(`building ${name} ${version} from its sources, once`, "go", ["install", `${module}@v${version}`], {
      env: { ...process.env, GOBIN: aside, GOWORK: "off" },
      minutes: 30,
    });
    await rm(bin, { recursive: true, force: true });
    await rename(aside, bin);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return bin;
}
