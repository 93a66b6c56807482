import type { FileHandle } from "node:fs/promises";

/** Bytes that are written before they begin to go to disk. */
const FLUSH_BYTES = 64 << 20;

/**
 * Sends a file to disk while it is being written, a part at a time: at its end there is little left to wait for, and the
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

  /** So many bytes more are written. Throws what an earlier part met with. */
  add(bytes: number): void {
    if (this.#failed) throw this.#failed.error;
    this.#waiting += bytes;
    if (this.#waiting < FLUSH_BYTES || this.#underway) return;
    this.#waiting = 0;
    this.#underway = this.#file
      .datasync()
      .catch((error: unknown) => {
        // the system tells of a failure once
        this.#failed ??= { error };
      })
      .finally(() => {
        this.#underway = undefined;
      });
  }

  /** Waits until all of it is on disk. */
  async end(): Promise<void> {
    await this.#underway;
    if (this.#failed) throw this.#failed.error;
    await this.#file.datasync();
  }

  /** Lets the file be closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#underway;
  }
}
