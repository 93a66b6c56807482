import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The command, as a shell runs it. */
export const CLI = fileURLToPath(new URL("../../sdk/cli/main.ts", import.meta.url));

/** How a command ended. */
export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * `pulumi-linuxkit` of a user whose machines are in a folder.
 *
 * @param project a folder with the package installed, whose command runs. @default the command's source
 */
export function cliOf(stateDir: string, project?: string) {
  const env = { ...process.env, PULUMI_LINUXKIT_STATE: stateDir, TERM: "xterm" };
  const command = project === undefined ? CLI : join(project, "node_modules", ".bin", "pulumi-linuxkit");
  return {
    /** Runs the command to its end. */
    run(args: readonly string[], input = ""): Promise<Ran> {
      return new Promise((resolve) => {
        const child = execFile(process.execPath, [command, ...args], { env, timeout: 60_000 }, (error, stdout, stderr) =>
          resolve({ status: error ? Number(error.code ?? -1) : 0, stdout, stderr }),
        );
        child.stdin?.end(input);
      });
    },
    /** Starts the command; the caller ends it. */
    start: (args: readonly string[]) =>
      spawn(process.execPath, [command, ...args], { env, stdio: ["ignore", "pipe", "pipe"], timeout: 120_000 }),
    /** The command as a user types it in the project's folder. */
    line: (args: string) => `cd '${project}' && PULUMI_LINUXKIT_STATE='${stateDir}' npx --no-install pulumi-linuxkit ${args}`,
  };
}
