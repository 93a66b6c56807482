import { execFile } from "node:child_process";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { secrets, type SecretsArgs } from "../../sdk/debian/base/secrets.ts";
import { scratch } from "./judge.ts";

/** The output and files of a `debian.secrets` task. */
export interface SecretsRun extends AsyncDisposable {
  readonly status: number;
  readonly text: string;
  /** `SERVICE/NAME` */
  read(path: string): Promise<Buffer>;
  mode(path: string): Promise<number>;
}

/**
 * Runs the task's command with the host's BusyBox, curl and jq, as in a guest whose services of these names have secrets.
 *
 * @param authorities as PEM
 */
export async function runSecrets(args: SecretsArgs, authorities: string, services: readonly string[]): Promise<SecretsRun> {
  const folder = await scratch();
  const { debian, config } = secrets(args);
  await writeFile(join(folder.path, "script"), debian.files.find(({ mode }) => mode === "0755")?.contents ?? "");
  await writeFile(join(folder.path, "authorities"), authorities);
  for (const service of services) await mkdir(join(folder.path, "secrets", service), { recursive: true });
  const [, endpoint = "", timeout = "", , ...more] = config.command ?? [];
  const ended = await new Promise<{ status: number; text: string }>((resolve) => {
    const env = { SECRETS: join(folder.path, "secrets"), PATH: process.env.PATH };
    execFile(
      "busybox",
      ["sh", join(folder.path, "script"), endpoint, timeout, join(folder.path, "authorities"), ...more],
      { env, timeout: 60_000 },
      (error, stdout, stderr) => {
        resolve({ status: error ? Number(error.code) : 0, text: stdout + stderr });
      },
    );
  });
  return {
    ...ended,
    read: (path) => readFile(join(folder.path, "secrets", path)),
    mode: async (path) => (await stat(join(folder.path, "secrets", path))).mode & 0o777,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
