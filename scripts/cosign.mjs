// Finds cosign, the judge of signatures, or builds it.
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheFolder } from "./engine.mjs";
import { findProgram, run } from "./run.mjs";

const COSIGN = { version: "3.1.3", module: "github.com/sigstore/cosign/v3/cmd/cosign" };

/**
 * The folder that holds `cosign`: where PATH has it, else our own in the cache, made now from its Go module.
 *
 * @returns {Promise<string>}
 */
export async function ensureCosign({ cacheDir = cacheFolder() } = {}) {
  const found = findProgram("cosign");
  if (found) return dirname(found);
  const bin = join(cacheDir, "cosign", COSIGN.version);
  if (findProgram("cosign", bin)) return bin;
  if (!findProgram("go")) throw new Error("neither cosign nor Go is installed: install one of them (Go 1.25 or newer), and try again");
  const aside = join(cacheDir, "cosign", `.${COSIGN.version}.${process.pid}.part`);
  try {
    await mkdir(aside, { recursive: true });
    await run(`building cosign ${COSIGN.version} from its sources, once`, "go", ["install", `${COSIGN.module}@v${COSIGN.version}`], { env: { ...process.env, GOBIN: aside, GOWORK: "off" }, minutes: 30 });
    await rm(bin, { recursive: true, force: true });
    await rename(aside, bin);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return bin;
}
