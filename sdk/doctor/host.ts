import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import { freemem, totalmem } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Arch } from "../core/arch.ts";
import { isLinuxKitError } from "../core/errors.ts";
import { oldNode } from "../core/node-version.ts";
import { candidateFor, type HostFacts, hostFacts, rememberedProbe } from "../../providers/qemu/plugin/accelerator.ts";
import { findEfi, hasEfi } from "../../providers/qemu/plugin/efi-firmware.ts";
import { defaultHostFolders } from "../../providers/qemu/plugin/host-folders.ts";
import { findQemu } from "../../providers/qemu/plugin/qemu-program.ts";
import type { Check } from "./examine.ts";
import { type Finding, findingsOf } from "./finding.ts";
import { stanza } from "./stanza.ts";

/** What is asked of this host. */
export interface HostNeeds {
  readonly arch: Arch;
  /** MiB of all machines together. */
  readonly memoryMiB: number;
  /** The folder of the Pulumi program. */
  readonly projectDir: string;
  /** The version of Node, as `process.versions.node`. */
  readonly node: string;
  readonly env: NodeJS.ProcessEnv;
  /** What the host has, where a test stands for it. @default what this host has */
  readonly facts?: (qemuVersion: string) => Promise<HostFacts>;
  /** Bytes of memory that are free, and of all. @default what this host has */
  readonly memory?: { readonly free: number; readonly total: number };
}

/** Bytes that a cold build of examples/web leaves in an empty cache, with room: Debian's indexes, a kernel, packages and an artifact. */
const CACHE_BYTES = 500e6;

/** What every update needs of a host: Node, the engine, the plugin and a cache. */
export function updateChecks({ projectDir, node, env }: HostNeeds): readonly Check[] {
  return [
    { name: "node", run: async () => [nodeVersion(node)] },
    { name: "engine", run: async () => [await engine(env)] },
    { name: "plugin", run: async () => [stanza(projectDir, env)] },
    { name: "folders", run: () => folders(defaultHostFolders(env)) },
  ];
}

/** What a machine in QEMU needs of a host. */
export function machineChecks({ arch, memoryMiB, env, facts = hostFacts, memory }: HostNeeds): readonly Check[] {
  return [
    { name: "qemu", run: () => qemu(arch, env, facts) },
    { name: "memory", run: async () => [enoughMemory(memoryMiB, memory ?? { free: freemem(), total: totalmem() })] },
  ];
}

function nodeVersion(version: string): Finding {
  const { ok, refused } = findingsOf("node");
  const problem = oldNode(version);
  return problem === undefined ? ok("node", version) : refused("node", problem, "install Node 22.15 or newer, for example from nodejs.org");
}

async function engine(env: NodeJS.ProcessEnv): Promise<Finding> {
  const { ok, refused } = findingsOf("engine");
  const install = "install Pulumi: see pulumi.com/docs/iac/download-install, and put `pulumi` on PATH";
  const path = await onPath("pulumi", env);
  if (path === undefined) return refused("pulumi", "is not on PATH", install);
  const version = await promisify(execFile)(path, ["version"], { timeout: 30_000, env: { ...env, PULUMI_SKIP_UPDATE_CHECK: "true" } }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
  return version === undefined ? refused("pulumi", `${path} does not run`, install) : ok("pulumi", `${version} (${path})`);
}

async function qemu(arch: Arch, env: NodeJS.ProcessEnv, facts: (version: string) => Promise<HostFacts>): Promise<readonly Finding[]> {
  const { ok, warning, refused } = findingsOf("qemu");
  const found = await findQemu(arch, env).catch((error: unknown) => {
    if (!isLinuxKitError(error, "TOOL_MISSING")) throw error;
    return error;
  });
  if (isLinuxKitError(found)) return [refused(found.detail.tool, found.message.split(": ")[0] ?? "", afterColon(found.message))];
  const host = await facts(found.version);
  const findings = [ok(found.path, found.version)];
  const candidate = candidateFor(arch, host);
  if (candidate !== "tcg" && (await rememberedProbe(arch, host, defaultHostFolders(env).cacheDir)) === false)
    findings.push(
      warning(
        "acceleration",
        `none: no kernel boots under ${candidate} here, so machines are emulated, about ten times slower`,
        "in a virtual machine, ask for nested virtualization; the next start of this host tries it again",
      ),
    );
  else if (candidate !== "tcg") findings.push(ok("acceleration", `${candidate} for ${arch}`));
  else if (arch !== host.arch)
    findings.push(warning("acceleration", `none: ${arch} is emulated on this host`, "expect machines about ten times slower"));
  else
    findings.push(
      warning(
        "/dev/kvm",
        "this user cannot open it: machines are emulated, about ten times slower",
        "load the module kvm_intel or kvm_amd, and add yourself to the group kvm",
      ),
    );
  if (!found.sandbox)
    findings.push(
      warning("sandbox", "this QEMU cannot filter its own system calls", "install one that is built with libseccomp, as Debian's is"),
    );
  if (hasEfi(arch)) {
    const firmware = await findEfi(arch, found.path).catch((error: unknown) => error);
    findings.push(
      isLinuxKitError(firmware)
        ? warning("UEFI", "not found: a machine that boots a disk needs it", afterColon(firmware.message))
        : ok("UEFI", (firmware as { readonly code: string }).code),
    );
  }
  return findings;
}

function afterColon(message: string): string {
  return message.slice(message.indexOf(": ") + 2);
}

function enoughMemory(wanted: number, { free, total }: { readonly free: number; readonly total: number }): Finding {
  const { ok, warning, refused } = findingsOf("memory");
  const [freeMiB, totalMiB] = [free, total].map((bytes) => Math.floor(bytes / 2 ** 20)) as [number, number];
  const says = `${freeMiB} of ${totalMiB} MiB are free, the machines want ${wanted}`;
  if (wanted > totalMiB) return refused("memory", says, "lower memoryMiB or count, or use a larger host");
  return wanted > freeMiB ? warning("memory", says, "end other programs, or lower memoryMiB") : ok("memory", says);
}

async function folders({ cacheDir, stateDir }: { readonly cacheDir: string; readonly stateDir: string }): Promise<readonly Finding[]> {
  return Promise.all([
    folder("cache", cacheDir, "PULUMI_LINUXKIT_CACHE", CACHE_BYTES),
    folder("state", stateDir, "PULUMI_LINUXKIT_STATE", 0),
  ]);
}

async function folder(name: string, path: string, variable: string, wanted: number): Promise<Finding> {
  const { ok, warning, refused } = findingsOf("folders");
  try {
    const there = await existing(path);
    if (!(await stat(there)).isDirectory()) throw new Error(`${there} is not a folder`);
    await access(there, constants.W_OK);
    const { bavail, bsize } = await statfs(there);
    const free = bavail * bsize;
    const says = `${path}: ${(free / 1e9).toFixed(1)} GB free`;
    return free < wanted ? warning(name, says, `free some space there, or set ${variable} to another folder`) : ok(name, says);
  } catch (error) {
    return refused(
      name,
      `cannot write ${path}: ${(error as Error).message}`,
      `change its permissions, or set ${variable} to another folder`,
    );
  }
}

/** The folder, or the nearest one above it that exists: nothing is created here. */
async function existing(path: string): Promise<string> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  return isThere || dirname(path) === path ? path : existing(dirname(path));
}

/** Where a program is on PATH. */
async function onPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env.PATH ?? "").split(delimiter).filter(Boolean)) {
    const path = join(folder, name);
    if (await isProgram(path)) return path;
  }
  return undefined;
}

async function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
