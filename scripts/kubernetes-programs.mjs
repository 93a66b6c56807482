#!/usr/bin/env node
// Compiles the programs of Kubernetes from their Go modules, once for each version, for hosts that reach no registry of images:
//   node scripts/kubernetes-programs.mjs [VERSION]
// prints the folder. It takes about 13 minutes of a processor and 2 GB of memory. `npm test` does not need it; test:clusters does.
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "./engine.mjs";
import { capture, findProgram, run, say } from "./run.mjs";

/** The version that the tests are written against. */
export const KUBERNETES = "1.34.4";
const PROGRAMS = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl"];

/**
 * The folder that holds the programs, built now if it is missing.
 *
 * @param {string} [version]
 * @returns {Promise<string>}
 */
export async function ensureKubernetesPrograms(version = KUBERNETES, { cacheDir = cacheFolder() } = {}) {
  const bin = join(cacheDir, "kubernetes", version);
  if (PROGRAMS.every((name) => findProgram(name, bin))) return bin;
  if (!findProgram("go")) throw new Error("Go is not installed: install Go 1.25 or newer, which builds Kubernetes, and try again");
  const aside = join(cacheDir, "kubernetes", `.${version}.${process.pid}.part`);
  try {
    await mkdir(join(aside, "bin"), { recursive: true });
    await writeFile(join(aside, "go.mod"), await moduleFile(version));
    const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=mod", GOWORK: "off" };
    const [major, minor] = version.split(".");
    const stamp = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: "clean" };
    const flags = Object.entries(stamp).map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`);
    const packages = PROGRAMS.map((name) => `k8s.io/kubernetes/cmd/${name}`);
    await run(
      `building Kubernetes ${version} from its sources, once`,
      "go",
      ["build", "-trimpath", "-buildvcs=false", "-ldflags", ["-s -w", ...flags].join(" "), "-o", join(aside, "bin"), ...packages],
      { cwd: aside, env, minutes: 60 },
    );
    await rm(bin, { recursive: true, force: true });
    await rename(join(aside, "bin"), bin);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return bin;
}

/**
 * A module that needs Kubernetes. Kubernetes itself takes its libraries from folders beside it (`replace`), which only the main
 * module may say; they are published under the same number with a major version of 0.
 */
async function moduleFile(version) {
  const found = JSON.parse(await capture("go", ["mod", "download", "-json", `k8s.io/kubernetes@v${version}`]));
  const itself = await readFile(found.GoMod, "utf8");
  const libraries = [...itself.matchAll(/^\s*(k8s\.io\/\S+) => \.\/staging\//gm)].map(([, name]) => name);
  const number = version.replace(/^1\./, "v0.");
  const replaced = libraries.map((name) => `\t${name} => ${name} ${number}\n`).join("");
  return `module throwaway\n\ngo 1.24.0\n\nrequire k8s.io/kubernetes v${version}\n\nreplace (\n${replaced})\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensureKubernetesPrograms(process.argv[2]).then(
    (folder) => process.stdout.write(`${folder}\n`),
    (error) => {
      say(error.message);
      process.exitCode = 1;
    },
  );
}
