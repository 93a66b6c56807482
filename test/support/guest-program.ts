import { execFile } from "node:child_process";
import type { Arch } from "../../sdk/core/arch.ts";
import { guestProgram, type GuestProgramName, guestProgramPath } from "../../sdk/guest/program.ts";

const HOST: Arch = process.arch === "arm64" ? "arm64" : process.arch === "s390x" ? "s390x" : "amd64";

/** How a program of the guest ended, and all that it said. */
export interface Ended {
  readonly status: number;
  readonly text: string;
}

/** Runs a program of the guest on this machine, as one of its tasks. */
export function runGuestProgram(name: GuestProgramName, args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(guestProgramPath(guestProgram(HOST, name).digest), args, { env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ status: error ? Number(error.code) : 0, text: stdout + stderr });
    });
  });
}
