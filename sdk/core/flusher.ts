import type { FileHandle } from "node:fs/promises";

/** Bytes that are written between two flushes. */
const FLUSH_BYTES = 64 << 20;

/**
 * Flushes a file to disk while it is being written, a part at a time. At its end little is left to wait for, and the
 * system never holds gigabytes of it in memory.
 */
export class Flusher {
  readonly #file: FileHandle;
  #waiting = 0;
  #underway: Promise<void> | undefined;
  #failed: { readonly error: unknown } | undefined;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Notes that `bytes` more are written. @throws the error of an earlier flush */
  add(bytes: number): void {
    if (this.#failed) throw this.#failed.error;
    this.#waiting += bytes;
    if (this.#waiting < FLUSH_BYTES || this.#underway) return;
    this.#waiting = 0;
    this.#underway = this.#file
      .datasync()
      .catch((error: unknown) => {
        // the system reports a failure only once
        this.#failed ??= { error };
      })
      .finally(() => {
        this.#underway = undefined;
      });
  }

  /** Resolves once the whole file is on disk. @throws the error of this flush or of an earlier one */
  async end(): Promise<void> {
    await this.#underway;
    if (this.#failed) throw this.#failed.error;
    await this.#file.datasync();
  }

  /** Waits for a flush under way, so that the file can be closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#underway;
  }
}
