import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { Arch } from "../../../sdk/core/arch.ts";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import { qemuProgram, SANDBOX } from "./arguments.ts";
import { otherUser } from "./qemu-user.ts";

/** QEMU as found on this host. */
export interface QemuProgram {
  readonly path: string;
  /** `7.2.22 (Debian …)` */
  readonly version: string;
  /** Whether it can filter its own system calls: it was built with libseccomp, and this host's kernel takes filters. */
  readonly sandbox: boolean;
  /** See {@link otherUser}. */
  readonly runAs: readonly string[];
}

/** Finds QEMU for an architecture on PATH. @throws TOOL_MISSING with how to install it, and what {@link otherUser} throws */
export async function findQemu(arch: Arch, env: NodeJS.ProcessEnv = process.env): Promise<QemuProgram> {
  const { binary, package: debianPackage } = qemuProgram(arch);
  for (const folder of (env.PATH ?? "").split(delimiter).filter(Boolean)) {
    const path = join(folder, binary);
    if (
      !(await access(path, constants.X_OK).then(
        () => true,
        () => false,
      ))
    )
      continue;
    const { stdout } = await promisify(execFile)(path, ["--version"]);
    const version = /version (.+)/.exec(stdout)?.[1] ?? stdout.trim();
    return { path, version, runAs: otherUser(version, env, process.getuid?.()), sandbox: await hasSandbox(path) };
  }
  throw new LinuxKitError(
    "TOOL_MISSING",
    `${binary} is not on PATH: install it (Debian and Ubuntu: apt-get install ${debianPackage}; macOS: brew install qemu)`,
    { tool: binary },
  );
}

/** Starts it without a machine, filtered, and ends it by its monitor. */
async function hasSandbox(path: string): Promise<boolean> {
  const args = [...SANDBOX, "-machine", "none", "-nodefaults", "-display", "none", "-monitor", "stdio"];
  const probe = promisify(execFile)(path, args, { timeout: PROBE_MILLISECONDS, killSignal: "SIGKILL" });
  probe.child.stdin?.on("error", () => {}).end("quit\n");
  return probe.then(
    () => true,
    () => false,
  );
}

/** Far above what it takes on a busy host. */
const PROBE_MILLISECONDS = 20_000;
