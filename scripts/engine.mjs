#!/usr/bin/env node
// Finds the Pulumi engine, or installs it: `node scripts/engine.mjs` prints the folders to put on PATH.
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram, run, say } from "./run.mjs";

/** The engine that the tests are written against. */
const CLI = { version: "3.259.0", module: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" };
/** The newest version that has its language host in the SDK's module, from which it can be built. */
const HOST = { version: "3.68.0", module: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs" };
const PROGRAMS = ["pulumi", "pulumi-language-nodejs"];

/** How long to wait for the official installer's first answer: where it is out of reach, the build begins soon. */
const INSTALLER_ANSWER_MS = 8000;

/** The cache folder, chosen as the library chooses it. */
export function cacheFolder(env = process.env) {
  return env.PULUMI_LINUXKIT_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pulumi-linuxkit");
}

/**
 * The folders that hold `pulumi` and its language host: those on PATH, else those in the cache. Where both are missing, the
 * official installer fills the cache; where it cannot be reached, Pulumi's Go modules are built.
 *
 * @returns {Promise<string[]>}
 */
export async function ensureEngine({ cacheDir = cacheFolder(), path = process.env.PATH ?? "" } = {}) {
  const cli = findProgram("pulumi", path);
  if (cli) {
    // the installer puts the host beside the CLI, and the CLI looks there as well
    const host = findProgram("pulumi-language-nodejs", [dirname(cli), path].join(delimiter));
    if (host) return [...new Set([dirname(cli), dirname(host)])];
    say(`${cli} is not used: pulumi-language-nodejs is neither beside it nor on PATH`);
  }
  const home = join(cacheDir, "engine", CLI.version);
  const bin = join(home, "bin");
  if (PROGRAMS.every((name) => findProgram(name, bin))) return [bin];

  const aside = join(cacheDir, "engine", `.${CLI.version}.${process.pid}.part`);
  try {
    await mkdir(aside, { recursive: true });
    await byInstaller(aside).catch((error) => {
      say(
        `the official installer failed (${error.message.split("\n")[0]}): building the engine from its sources, once, in about four minutes`,
      );
      return byGo(aside);
    });
    await rm(home, { recursive: true, force: true });
    await rename(aside, home);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  say(`Pulumi engine ${CLI.version} installed in ${bin}`);
  return [bin];
}

/** Runs Pulumi's install script, which puts its programs into `home`/bin. */
async function byInstaller(home) {
  say("fetching Pulumi's official installer…");
  const answer = await fetch("https://get.pulumi.com", { signal: AbortSignal.timeout(INSTALLER_ANSWER_MS) }).catch((error) => {
    throw new Error(error.cause?.message ?? error.message);
  });
  if (!answer.ok) throw new Error(`https://get.pulumi.com answered ${answer.status}`);
  const script = join(home, "install.sh");
  await writeFile(script, await answer.text());
  await run(`installing Pulumi ${CLI.version}`, "sh", [script, "--version", CLI.version, "--install-root", home, "--no-edit-path"], {
    minutes: 10,
  });
  await rm(script);
  const missing = PROGRAMS.filter((name) => !findProgram(name, join(home, "bin")));
  if (missing.length > 0) throw new Error(`it did not install ${missing.join(" and ")}`);
}

/** Builds both programs in throwaway modules, because `go install` refuses modules with `replace` lines, and theirs have them. */
async function byGo(home) {
  if (!findProgram("go")) {
    throw new Error(
      "neither Pulumi nor Go found: install Pulumi (https://www.pulumi.com/docs/install/), or Go 1.25 or newer, and try again",
    );
  }
  const bin = join(home, "bin");
  await rm(bin, { recursive: true, force: true });
  for (const { version, module, flags } of [
    { ...CLI, flags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${CLI.version}` },
    { ...HOST, flags: "-s -w" },
  ]) {
    const name = module.split("/").at(-1);
    const cwd = join(home, `build-${name}`);
    await mkdir(cwd, { recursive: true });
    await writeFile(join(cwd, "go.mod"), `module throwaway\n\ngo 1.25\n`);
    const env = { ...process.env, GOFLAGS: "-mod=mod", GOWORK: "off" };
    await run(`fetching the sources of ${name} ${version}`, "go", ["get", `${module}@v${version}`], { cwd, env, minutes: 10 });
    await run(`building ${name} ${version}`, "go", ["build", "-ldflags", flags, "-o", join(bin, name), module], { cwd, env, minutes: 20 });
    await rm(cwd, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensureEngine().then(
    (folders) => process.stdout.write(`${folders.join(delimiter)}\n`),
    (error) => {
      say(error.message);
      process.exitCode = 1;
    },
  );
}
