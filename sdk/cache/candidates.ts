import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { removeDeadParts } from "../core/write-file.ts";
import { ARTIFACT_RECORD, ARTIFACTS } from "./artifact-folder.ts";

/** What a prune removes as a whole: a file, or the files of an artifact. */
export interface Candidate {
  /** Its name in a hold, relative to the cache: the file, or the artifact's folder. */
  readonly name: string;
  /** Relative to the cache. */
  readonly files: readonly string[];
  /** Bytes of all of them. */
  readonly size: number;
  /** When it was last used, in milliseconds since 1970. */
  readonly used: number;
}

/** A file in the cache. */
interface Listed {
  readonly file: string;
  readonly size: number;
  readonly used: number;
}

/** The folders whose files can each be rebuilt or fetched again alone. */
const FOLDERS = [join("blobs", "sha256"), "segments"];

/** A record is a thousandth of the artifact that it can rebuild, so it counts as used this much later. */
const RECORD_MILLISECONDS = 30 * 24 * 60 * 60 * 1000;

/** Everything in a cache that can be rebuilt or fetched again. Removes the temporary files of killed processes. */
export async function listCandidates(cacheDir: string): Promise<Candidate[]> {
  const single = await Promise.all(FOLDERS.map((folder) => list(cacheDir, folder)));
  await removeDeadParts(join(cacheDir, ARTIFACTS));
  const folders = await readdir(join(cacheDir, ARTIFACTS)).catch(() => []);
  const artifacts = await Promise.all(
    folders.filter((name) => !name.startsWith(".")).map((name) => artifactCandidates(cacheDir, join(ARTIFACTS, name))),
  );
  return [...single.flat().map(({ file, size, used }) => ({ name: file, files: [file], size, used })), ...artifacts.flat()];
}

/** An artifact's files are removed together; its record stays longer, and is removed alone. */
async function artifactCandidates(cacheDir: string, name: string): Promise<Candidate[]> {
  const files = await list(cacheDir, name, true);
  const used = Math.max(...files.map((file) => file.used));
  const isRecord = ({ file }: Listed): boolean => basename(file) === ARTIFACT_RECORD;
  return [
    { files: files.filter((file) => !isRecord(file)), used },
    { files: files.filter(isRecord), used: used + RECORD_MILLISECONDS },
  ]
    .filter(({ files }) => files.length > 0)
    .map(({ files, used }) => ({ name, files: files.map(({ file }) => file), size: files.reduce((sum, { size }) => sum + size, 0), used }));
}

async function list(cacheDir: string, folder: string, hidden = false): Promise<Listed[]> {
  await removeDeadParts(join(cacheDir, folder));
  const names = await readdir(join(cacheDir, folder)).catch(() => []);
  const found = await Promise.all(
    names
      .filter((name) => hidden || !name.startsWith("."))
      .map(async (name) => {
        const file = join(folder, name);
        const stats = await stat(join(cacheDir, file)).catch(() => undefined);
        return stats?.isFile() ? [{ file, size: stats.size, used: Math.max(stats.atimeMs, stats.mtimeMs) }] : [];
      }),
  );
  return found.flat();
}
