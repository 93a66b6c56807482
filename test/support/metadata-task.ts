import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runGuestProgram } from "./guest-program.ts";
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

/** Runs the task's command, as in the guest, but for the folder that it writes. */
export async function runMetadata(args: MetadataArgs): Promise<MetadataRun> {
  const folder = await mkdtemp(join(tmpdir(), "metadata-"));
  const { config } = metadata(args);
  const place = join(folder, "config");
  const ended = await runGuestProgram("linuxkitd", (config.command ?? []).slice(1), { CONFIG: place });
  return {
    ...ended,
    read: (name) => readFile(join(place, name), "utf8"),
    mode: async (name) => (await stat(join(place, name))).mode & 0o777,
    files: async () =>
      (await readdir(place, { recursive: true, withFileTypes: true })).flatMap((entry) => (entry.isFile() ? [entry.name] : [])).sort(),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
