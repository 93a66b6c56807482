import { randomBytes } from "node:crypto";
import { open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Bytes } from "./bytes.ts";
import { fromFileSystem, throwIfCancelled } from "./errors.ts";
import { FileOutput, type Overwrite } from "./file-output.ts";
import { isLeftBehind } from "./left-behind.ts";
import { MARK_PATTERN, PROCESS_MARK } from "./process-mark.ts";
import { makeFolder } from "./make-folder.ts";

/** The source of a file: chunks in order, with overwrites between or after them. */
export type FileContent = Bytes | AsyncIterable<Uint8Array | Overwrite>;

export interface WriteFileOptions {
  readonly signal?: AbortSignal | undefined;
  /** Permission bits, before the process's umask applies. @default 0o644 */
  readonly mode?: number;
  /**
   * Called with each chunk while it is being written, so that hashing costs no extra time. Not called for overwrites. It
   * must not throw.
   */
  readonly onChunk?: ((chunk: Uint8Array) => void) | undefined;
  /** Called with the length of each chunk, in bytes, once it is taken. */
  readonly onWritten?: ((bytes: number) => void) | undefined;
}

/** A file that is whole and on disk, under a temporary name beside its final one. */
export interface StagedFile {
  readonly path: string;
  /** Path of the temporary name, under which it can be read until {@link commit}. */
  readonly aside: string;
  /** Renames it to {@link path}, in place of a former file. @throws UNWRITABLE */
  commit(): Promise<void>;
  /** Removes it; has no effect once it is committed. */
  discard(): Promise<void>;
}

const PART = new RegExp(`^\\..+\\.(${MARK_PATTERN})\\.[0-9a-f]{12}\\.part$`);

/**
 * Writes a file whole or not at all: under a temporary name beside it, flushed to disk, then renamed. Missing folders
 * are created. If the source throws, the disk is full or the signal aborts, nothing is left behind and a former file
 * stays.
 *
 * @throws DISK_FULL, UNWRITABLE, CANCELLED, and errors of `source`
 */
export async function writeFileWhole(path: string, source: FileContent, options: WriteFileOptions = {}): Promise<void> {
  const staged = await stageFile(path, source, options);
  await staged.commit();
}

/** The first half of {@link writeFileWhole}, for files that get their names together once all of them are written. */
export async function stageFile(path: string, source: FileContent, options: WriteFileOptions = {}): Promise<StagedFile> {
  const aside = partPath(path);
  // the caller needs the first error, not one of the clean-up
  const discard = () => rm(aside, { force: true }).catch(() => {});
  try {
    await makeFolder(dirname(path));
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

/** A temporary name beside `path` that names the process which writes it. */
export function partPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${PROCESS_MARK}.${randomBytes(6).toString("hex")}.part`);
}

/** Removes the temporary files and folders that killed processes left in a folder. The folder need not exist. */
export async function removeDeadParts(directory: string, now = Date.now()): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const mark = PART.exec(name)?.[1];
    const path = join(directory, name);
    if (mark && (await isLeftBehind(path, mark, { now }))) await rm(path, { force: true, recursive: true });
  }
}
