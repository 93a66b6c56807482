import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { secrets, type SecretsArgs } from "../../sdk/debian/base/secrets.ts";
import { runGuestProgram } from "./guest-program.ts";
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
 * Runs the task's command as in a guest whose services of these names have secrets.
 *
 * @param authorities as PEM
 */
export async function runSecrets(args: SecretsArgs, authorities: string, services: readonly string[]): Promise<SecretsRun> {
  const folder = await scratch();
  const { config } = secrets(args);
  const bundle = join(folder.path, "authorities");
  await writeFile(bundle, authorities);
  for (const service of services) await mkdir(join(folder.path, "secrets", service), { recursive: true });
  const [, cloud = "", endpoint = "", timeout = "", , ...more] = config.command ?? [];
  const words = [cloud, endpoint, timeout, bundle, ...more];
  const ended = await runGuestProgram("linuxkit-secrets", words, { SECRETS: join(folder.path, "secrets") });
  return {
    ...ended,
    read: (path) => readFile(join(folder.path, "secrets", path)),
    mode: async (path) => (await stat(join(folder.path, "secrets", path))).mode & 0o777,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}
