#!/usr/bin/env node
// Checks a release before it is published: npm run release:check -- v1.2.3
// The tag, package.json and CHANGELOG.md must name one version.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { say } from "./run.mjs";

const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");

/**
 * What is wrong with a release, one sentence each; empty when it can be published.
 *
 * @param {{ tag: string, version: string, changelog: string }} release
 * @returns {string[]}
 */
export function releaseFaults({ tag, version, changelog }) {
  const faults = [];
  if (tag !== `v${version}`) faults.push(`tag "${tag}": wanted v${version}, the version in package.json`);
  const [heading] = changelog.split("\n").filter((line) => line.startsWith(`## [${version}]`));
  if (!heading) faults.push(`CHANGELOG.md: section "## [${version}] - DATE" not found`);
  else if (!/\] - \d{4}-\d{2}-\d{2}$/.test(heading)) faults.push(`CHANGELOG.md: "${heading}": wanted "## [${version}] - YYYY-MM-DD"`);
  return faults;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { version } = JSON.parse(read("package.json"));
  const faults = releaseFaults({ tag: process.argv[2] ?? "", version, changelog: read("CHANGELOG.md") });
  for (const fault of faults) say(fault);
  if (faults.length > 0) process.exitCode = 1;
  else say(`${version} can be published`);
}
