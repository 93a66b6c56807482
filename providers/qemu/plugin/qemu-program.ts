import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { Arch } from "../../../sdk/core/arch.ts";
import { LinuxKitError } from "../../../sdk/core/errors.ts";
import { qemuProgram } from "./arguments.ts";

/** QEMU as found on this host. */
export interface QemuProgram {
  readonly path: string;
  /** `7.2.22 (Debian …)` */
  readonly version: string;
}

/** Finds QEMU for an architecture on PATH. @throws TOOL_MISSING with how to install it */
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
    return { path, version: /version (.+)/.exec(stdout)?.[1] ?? stdout.trim() };
  }
  throw new LinuxKitError(
    "TOOL_MISSING",
    `${binary} is not on PATH: install it (Debian and Ubuntu: apt-get install ${debianPackage}; macOS: brew install qemu)`,
    { tool: binary },
  );
}
