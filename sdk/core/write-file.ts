import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Bytes } from "./bytes.ts";
import { fromFileSystem, throwIfCancelled } from "./errors.ts";

export interface WriteFileOptions {
  readonly signal?: AbortSignal | undefined;
  /** Permission bits before the process's umask. @default 0o644 */
  readonly mode?: number;
  /** Called with each number of bytes once they are written. */
  readonly onWritten?: ((bytes: number) => void) | undefined;
}

/**
 * Writes a file whole or not at all: into a temporary name beside it, flushed to disk, then renamed. A source that
 * throws, a full disk or an aborted signal leaves nothing behind and the former file, if any, as it was.
 *
 * @throws DISK_FULL, UNWRITABLE, CANCELLED, and whatever `source` throws
 */
export async function writeFileWhole(path: string, source: Bytes, options: WriteFileOptions = {}): Promise<void> {
  const aside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.part`);
  try {
    await mkdir(dirname(path), { recursive: true });
    await using file = await open(aside, "wx", options.mode ?? 0o644);
    for await (const chunk of source) {
      throwIfCancelled(options.signal, `writing ${path}`);
      await file.appendFile(chunk);
      options.onWritten?.(chunk.length);
    }
    throwIfCancelled(options.signal, `writing ${path}`);
    await file.sync();
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true }).catch(() => {});
    throw fromFileSystem(error, path);
  }
}
