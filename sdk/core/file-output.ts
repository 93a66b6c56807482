import type { FileHandle } from "node:fs/promises";
import { Flusher } from "./flusher.ts";
import { ring } from "./ring.ts";
import { isZero } from "./zero.ts";

/** Bytes that replace earlier ones, such as a header that is only known after its body. */
export interface Overwrite {
  /** Offset in bytes from the start of the file, within what is already written. */
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** Bytes of the smallest chunk of zeroes that becomes a hole. */
const LEAST_HOLE = 65536;

/** Smaller chunks are gathered up to this many bytes, and written while the next are gathered. */
const GATHERED = 1 << 18;

/** A new file that is written from its start to its end. The caller may reuse a chunk's memory once `append` resolves. */
export class FileOutput implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #flusher: Flusher;
  readonly #buffers = ring(2, () => Buffer.allocUnsafeSlow(GATHERED));
  #gathered: Buffer | undefined;
  #used = 0;
  /** Where the file ends, gathered bytes included. */
  #end = 0;
  #underway: Promise<void> = Promise.resolve();

  constructor(file: FileHandle) {
    this.#file = file;
    this.#flusher = new Flusher(file);
  }

  /**
   * Appends a chunk.
   *
   * @param meanwhile is called with the chunk while it is being written, so that hashing it costs no extra time
   * @throws the filesystem's error, of this write or of an earlier one
   */
  async append(chunk: Uint8Array, meanwhile?: (chunk: Uint8Array) => void): Promise<void> {
    // long runs of zeroes become holes: a sparse disk takes only the time and space of its content
    const isHole = chunk.length >= LEAST_HOLE && isZero(chunk);
    if (isHole || this.#used + chunk.length > GATHERED) await this.#writeGathered();
    const written = isHole ? undefined : this.#take(chunk);
    this.#end += chunk.length;
    try {
      meanwhile?.(chunk);
    } finally {
      await written;
    }
  }

  /** Replaces bytes that were appended. */
  async overwrite({ position, bytes }: Overwrite): Promise<void> {
    await this.#writeGathered();
    await this.#underway;
    await this.#write(bytes, position);
  }

  /** Resolves once the whole file is on disk. */
  async finish(): Promise<void> {
    await this.#writeGathered();
    await this.#underway;
    await this.#file.truncate(this.#end);
    await this.#flusher.end();
  }

  /** Waits for writes under way, so that the file can be closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#underway.catch(() => {});
    await this.#flusher[Symbol.asyncDispose]();
  }

  #take(chunk: Uint8Array): Promise<void> | undefined {
    if (chunk.length >= GATHERED) return this.#write(chunk, this.#end);
    this.#gathered ??= this.#buffers();
    this.#gathered.set(chunk, this.#used);
    this.#used += chunk.length;
    return undefined;
  }

  /** Starts to write the gathered bytes, once the write before has ended. */
  async #writeGathered(): Promise<void> {
    if (!this.#gathered) return;
    await this.#underway;
    this.#underway = this.#write(this.#gathered.subarray(0, this.#used), this.#end - this.#used);
    // the next call that waits for it throws its error
    this.#underway.catch(() => {});
    this.#gathered = undefined;
    this.#used = 0;
  }

  async #write(bytes: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < bytes.length; )
      done += (await this.#file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
    this.#flusher.add(bytes.length);
  }
}
