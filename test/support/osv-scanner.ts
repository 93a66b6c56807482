import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { scratch } from "./judge.ts";
import { runTool } from "./run-tool.ts";
import { zip } from "./zip.ts";

/** What osv-scanner, offline, says of an SPDX or CycloneDX document with these advisories of Debian as its database. */
export async function osvScan(advisories: readonly { readonly id: string }[], document: string): Promise<string> {
  await using folder = await scratch();
  const database = join(folder.path, "osv-scanner/Debian");
  await mkdir(database, { recursive: true });
  await writeFile(join(database, "all.zip"), zip(Object.fromEntries(advisories.map((one) => [`${one.id}.json`, JSON.stringify(one)]))));
  // it tells the formats apart by the names of their files
  const sbom = join(folder.path, document.includes('"bomFormat": "CycloneDX"') ? "os-sbom.cdx.json" : "os-sbom.spdx.json");
  await writeFile(sbom, document);
  const { output } = await runTool(
    "env",
    `OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY=${folder.path}`,
    "osv-scanner",
    "--experimental-offline",
    `--sbom=${sbom}`,
    "--format=json",
  );
  return output;
}
