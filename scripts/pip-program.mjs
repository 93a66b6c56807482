// Installs the judges of the tests that are Python packages, each in a folder of its own.
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "./engine.mjs";
import { findProgram, run } from "./run.mjs";

const PROGRAMS = {
  // the judge of requests to AWS
  moto: { version: "5.2.5", packages: (version) => [`moto[ebs,ec2,ecr,sts]==${version}`, "flask==3.1.3", "flask-cors==6.0.5"] },
  // the clouds' own models of their APIs: files that tests read, so their dependencies stay away
  botocore: { version: "1.44.8", packages: (version) => ["--no-deps", `botocore==${version}`] },
  // the judge of CycloneDX documents: its own JSON schemas
  "cyclonedx-python-lib": { version: "11.12.0", packages: (version) => [`cyclonedx-python-lib[json-validation]==${version}`] },
  "google-api-python-client": { version: "2.202.0", packages: (version) => ["--no-deps", `google-api-python-client==${version}`] },
  // its last version with Compute 2024-11-01, and its last with galleries 2024-03-03
  "azure-mgmt-compute": { version: "34.1.0", packages: (version) => ["--no-deps", `azure-mgmt-compute==${version}`] },
  "azure-mgmt-compute-galleries": { version: "33.1.0", packages: (version) => ["--no-deps", `azure-mgmt-compute==${version}`] },
  "azure-mgmt-network": { version: "28.1.0", packages: (version) => ["--no-deps", `azure-mgmt-network==${version}`] },
};

/**
 * The folder for `PYTHONPATH`: in the cache, filled now where it is missing.
 *
 * @param {keyof typeof PROGRAMS} name
 * @returns {Promise<string>}
 */
export async function ensurePipProgram(name, { cacheDir = cacheFolder() } = {}) {
  const { version, packages } = PROGRAMS[name];
  const folder = join(cacheDir, name, version);
  if (existsSync(folder)) return folder;
  if (!findProgram("pip3")) throw new Error(`pip3 not found, which installs ${name}: install Debian's python3-pip, and try again`);
  const aside = join(cacheDir, name, `.${version}.${process.pid}.part`);
  try {
    await mkdir(aside, { recursive: true });
    await run(`installing ${name} ${version}, once`, "pip3", [
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "--no-input",
      "--no-compile",
      "--target",
      aside,
      ...packages(version),
    ]);
    await rename(aside, folder);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return folder;
}
