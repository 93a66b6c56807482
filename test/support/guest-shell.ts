import { spawn } from "node:child_process";

/** A script's output and exit status. */
export interface ShellResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script in BusyBox's shell, for ten seconds at most. */
export function runShell(script: string, folder: string, stdin = ""): Promise<ShellResult> {
  const { promise, resolve, reject } = Promise.withResolvers<ShellResult>();
  const child = spawn("busybox", ["sh", "-c", `exec 9>&1\n${script}`], {
    cwd: folder,
    timeout: 10_000,
    killSignal: "SIGKILL",
    stdio: ["pipe", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // a script need not read all of it
  child.stdin.on("error", () => {});
  child.stdin.end(stdin);
  child.on("error", reject);
  child.on("close", (status) => resolve({ status, stdout, stderr }));
  return promise;
}
