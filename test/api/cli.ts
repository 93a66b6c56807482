import { execFile, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The command, as a shell runs it. */
export const CLI = fileURLToPath(new URL("../../sdk/cli/main.ts", import.meta.url));

/** How a command ended. */
export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `pulumi-linuxkit` of a user whose machines are in a folder. */
export function cliOf(stateDir: string) {
  const env = { ...process.env, PULUMI_LINUXKIT_STATE: stateDir, TERM: "xterm" };
  return {
    /** Runs the command to its end. */
    run(args: readonly string[], input = ""): Promise<Ran> {
      return new Promise((resolve) => {
        const child = execFile(process.execPath, [CLI, ...args], { env, timeout: 60_000 }, (error, stdout, stderr) =>
          resolve({ status: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
        );
        child.stdin?.end(input);
      });
    },
    /** Starts the command; the caller ends it. */
    start: (args: readonly string[]) =>
      spawn(process.execPath, [CLI, ...args], { env, stdio: ["ignore", "pipe", "pipe"], timeout: 120_000 }),
    /** The command as a line of the shell. */
    line: (args: string) => `PULUMI_LINUXKIT_STATE='${stateDir}' '${process.execPath}' '${CLI}' ${args}`,
  };
}
