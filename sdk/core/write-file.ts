import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Bytes } from "./bytes.ts";
import { fromFileSystem, throwIfCancelled } from "./errors.ts";
import { FileOutput, type Overwrite } from "./file-output.ts";
import { MARK_PATTERN, markState, PROCESS_MARK } from "./process-mark.ts";

/** What a file is written from: chunks one after the other, and overwrites between or after them. */
export type FileContent = Bytes | AsyncIterable<Uint8Array | Overwrite>;

export interface WriteFileOptions {
  readonly signal?: AbortSignal | undefined;
  /** Permission bits before the process's umask. @default 0o644 */
  readonly mode?: number;
  /**
   * Sees each chunk while it is being written, so that a hash of them takes no time of its own. Overwrites are not
   * shown. It must not throw.
   */
  readonly onChunk?: ((chunk: Uint8Array) => void) | undefined;
  /** Called with each number of bytes once they are taken. */
  readonly onWritten?: ((bytes: number) => void) | undefined;
}

/** A file that is whole and on disk, under a temporary name beside the one it will get. */
export interface StagedFile {
  readonly path: string;
  /** The temporary name, to read it by until {@link commit}. */
  readonly aside: string;
  /** Gives it its name, in place of a former file. */
  commit(): Promise<void>;
  /** Removes it; without effect once it is committed. */
  discard(): Promise<void>;
}

const PART = new RegExp(`^\\..+\\.(${MARK_PATTERN})\\.[0-9a-f]{12}\\.part$`);

/** How long a temporary file of a process that cannot be seen from here may rest before it counts as left behind. */
const UNSEEN_SECONDS = 24 * 60 * 60;

/**
 * Writes a file whole or not at all: into a temporary name beside it, flushed to disk, then renamed. A source that
 * throws, a full disk or an aborted signal leaves nothing behind and the former file, if any, as it was.
 *
 * @throws DISK_FULL, UNWRITABLE, CANCELLED, and whatever `source` throws
 */
export async function writeFileWhole(path: string, source: FileContent, options: WriteFileOptions = {}): Promise<void> {
  const staged = await stageFile(path, source, options);
  await staged.commit();
}

/** The first half of {@link writeFileWhole}, for files that get their names together once all of them are written. */
export async function stageFile(path: string, source: FileContent, options: WriteFileOptions = {}): Promise<StagedFile> {
  const aside = partPath(path);
  // what went wrong first is what the caller needs to hear
  const discard = () => rm(aside, { force: true }).catch(() => {});
  try {
    await mkdir(dirname(path), { recursive: true });
    await using file = await open(aside, "wx", options.mode ?? 0o644);
    await using output = new FileOutput(file);
    for await (const chunk of source) {
      throwIfCancelled(options.signal, `writing ${path}`);
      if (!(chunk instanceof Uint8Array)) {
        await output.overwrite(chunk);
        continue;
      }
      await output.append(chunk, options.onChunk);
      options.onWritten?.(chunk.length);
    }
    throwIfCancelled(options.signal, `writing ${path}`);
    await output.finish();
  } catch (error) {
    await discard();
    throw fromFileSystem(error, path);
  }
  const commit = async () => {
    try {
      await rename(aside, path);
    } catch (error) {
      await discard();
      throw fromFileSystem(error, path);
    }
  };
  return { path, aside, commit, discard };
}

/** A temporary name beside `path` that says which process writes it. */
export function partPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${PROCESS_MARK}.${randomBytes(6).toString("hex")}.part`);
}

/** Removes the temporary files and folders in a folder whose writers were killed. A folder that is not there has none. */
export async function removeDeadParts(directory: string, now = Date.now()): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const mark = PART.exec(name)?.[1];
    const state = mark && markState(mark);
    if (!state || state === "alive") continue;
    const path = join(directory, name);
    if (state === "elsewhere" && now - ((await stat(path).catch(() => undefined))?.mtimeMs ?? now) < UNSEEN_SECONDS * 1000) continue;
    await rm(path, { force: true, recursive: true });
  }
}
