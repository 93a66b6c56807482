#!/usr/bin/env node
// Finds the Pulumi engine, or gets it: `node scripts/engine.mjs` prints the folders to put on PATH.
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { findProgram, run, say } from "./run.mjs";

/** The engine that the tests are written against. */
const CLI = { version: "3.259.0", module: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi" };
/** The newest version whose language host is a part of the SDK's module, where it can be built from. */
const HOST = { version: "3.68.0", module: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs" };
const PROGRAMS = ["pulumi", "pulumi-language-nodejs"];

/** How long the official installer may take to answer at all: where it is out of reach, we want to know soon. */
const INSTALLER_ANSWER_MS = 8000;

/** The cache folder, as the library itself chooses it. */
export function cacheFolder(env = process.env) {
  return env.PULUMI_LINUXKIT_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pulumi-linuxkit");
}

/**
 * The folders that hold `pulumi` and its language host: those on PATH, else our own in the cache, else one made now
 * by the official installer, else one built from Pulumi's Go modules.
 *
 * @returns {Promise<string[]>}
 */
export async function ensureEngine({ cacheDir = cacheFolder(), path = process.env.PATH ?? "" } = {}) {
  const cli = findProgram("pulumi", path);
  if (cli) {
    // the installer puts the host beside the CLI, and the CLI looks there too
    const host = findProgram("pulumi-language-nodejs", [dirname(cli), path].join(delimiter));
    if (host) return [...new Set([dirname(cli), dirname(host)])];
    say(`${cli} has no pulumi-language-nodejs beside it or on PATH: another engine is used`);
  }
  const home = join(cacheDir, "engine", CLI.version);
  const bin = join(home, "bin");
  if (PROGRAMS.every((name) => findProgram(name, bin))) return [bin];

  const aside = join(cacheDir, "engine", `.${CLI.version}.${process.pid}.part`);
  try {
    await mkdir(aside, { recursive: true });
    await byInstaller(aside).catch((error) => {
      say(
        `the official installer cannot be used (${error.message.split("\n")[0]}): the engine is built from its sources, once, in about four minutes`,
      );
      return byGo(aside);
    });
    await rm(home, { recursive: true, force: true });
    await rename(aside, home);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  say(`the Pulumi engine ${CLI.version} is in ${bin}`);
  return [bin];
}

/** Runs Pulumi's install script, which leaves its programs in `home`/bin. */
async function byInstaller(home) {
  say(`asking for Pulumi's official installer…`);
  const answer = await fetch("https://get.pulumi.com", { signal: AbortSignal.timeout(INSTALLER_ANSWER_MS) }).catch((error) => {
    throw new Error(error.cause?.message ?? error.message);
  });
  if (!answer.ok) throw new Error(`it answered ${answer.status}`);
  const script = join(home, "install.sh");
  await writeFile(script, await answer.text());
  await run(`installing Pulumi ${CLI.version}`, "sh", [script, "--version", CLI.version, "--install-root", home, "--no-edit-path"], {
    minutes: 10,
  });
  await rm(script);
  const missing = PROGRAMS.filter((name) => !findProgram(name, join(home, "bin")));
  if (missing.length > 0) throw new Error(`it installed no ${missing.join(" and no ")}`);
}

/** Builds both programs in throwaway modules: their own modules hold `replace` lines, with which `go install` refuses to work. */
async function byGo(home) {
  if (!findProgram("go")) {
    throw new Error(
      "neither Pulumi nor Go is installed: install Pulumi (https://www.pulumi.com/docs/install/), or Go 1.25 or newer, and try again",
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
