import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metadata, type MetadataArgs } from "../../sdk/debian/base/metadata.ts";

/** The output and files of a `debian.metadata` task. */
export interface MetadataRun extends AsyncDisposable {
  readonly status: number;
  readonly text: string;
  /** A file of `/run/config`; rejects if it is missing. */
  read(name: string): Promise<string>;
  mode(name: string): Promise<number>;
  /** Names of all files there. */
  files(): Promise<string[]>;
}

/** Runs the task's command in the host's BusyBox, as in the guest, except for the folder that it writes. */
export async function runMetadata(args: MetadataArgs): Promise<MetadataRun> {
  const folder = await mkdtemp(join(tmpdir(), "metadata-"));
  const { debian, config } = metadata(args);
  await writeFile(join(folder, "script"), debian.files.find(({ mode }) => mode === "0755")?.contents ?? "");
  const place = join(folder, "config");
  const ended = await new Promise<{ status: number; text: string }>((resolve) => {
    execFile(
      "busybox",
      ["sh", join(folder, "script"), ...(config.command ?? []).slice(1)],
      { env: { CONFIG: place, PATH: process.env.PATH }, timeout: 30_000 },
      (error, stdout, stderr) => {
        resolve({ status: error ? Number(error.code) : 0, text: stdout + stderr });
      },
    );
  });
  return {
    ...ended,
    read: (name) => readFile(join(place, name), "utf8"),
    mode: async (name) => (await stat(join(place, name))).mode & 0o777,
    files: async () =>
      (await readdir(place, { recursive: true, withFileTypes: true })).flatMap((entry) => (entry.isFile() ? [entry.name] : [])).sort(),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
