import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PARTS } from "../../sdk/guest/files.ts";

/** A script's output and exit status. */
export interface ShellResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** BusyBox's shell with the guest's functions loaded, and a folder of its own. */
export interface GuestShell {
  readonly folder: string;
  /** Runs a script in {@link folder} after the named parts; descriptor 9, the guest's console, is standard output. */
  run(parts: readonly string[], script: string, stdin?: string): Promise<ShellResult>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Opens a {@link GuestShell}. The functions' paths under `/run` are in its folder instead. */
export async function guestShell(): Promise<GuestShell> {
  const folder = await mkdtemp(join(tmpdir(), "linuxkit-guest-"));
  for (const [name, contents] of Object.entries(PARTS)) await writeFile(join(folder, name), moved(contents, folder));
  return {
    folder,
    run: (parts, script, stdin = "") => runShell([...parts.map((part) => `. ./${part}`), "nonce=test", script].join("\n"), folder, stdin),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A script of the guest with its state below `folder`. */
export function moved(script: string, folder: string): string {
  return script.replaceAll("/run/linuxkit", folder).replaceAll(/(?<=[ "])\/services(?=\/)/g, `${folder}/services`);
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
