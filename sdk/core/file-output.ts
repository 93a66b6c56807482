import type { FileHandle } from "node:fs/promises";
import { Flusher } from "./flusher.ts";
import { ring } from "./ring.ts";
import { isZero } from "./zero.ts";

/** Bytes that replace some that were written before: a header that is known once its body is. */
export interface Overwrite {
  /** Bytes from the start of the file, within what is written already. */
  readonly position: number;
  readonly bytes: Uint8Array;
}

/** Bytes of the least chunk of zeroes that is left out of the file. */
const LEAST_HOLE = 65536;

/** Smaller chunks are put together up to here, and written while the next are. */
const GATHERED = 1 << 18;

/** A new file that is written from its start to its end. A chunk that is given is done with when the call returns. */
export class FileOutput implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #flusher: Flusher;
  readonly #buffers = ring(2, () => Buffer.allocUnsafeSlow(GATHERED));
  #gathered: Buffer | undefined;
  #used = 0;
  /** Where the file ends, the gathered included. */
  #end = 0;
  #underway: Promise<void> = Promise.resolve();

  constructor(file: FileHandle) {
    this.#file = file;
    this.#flusher = new Flusher(file);
  }

  /** @param meanwhile is called while the chunk is being written: a hash of it takes no time of its own */
  async append(chunk: Uint8Array, meanwhile?: (chunk: Uint8Array) => void): Promise<void> {
    // long runs of zeroes become holes: a sparse disk takes the time and the room of its content
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

  /** Waits until all of it is on disk. */
  async finish(): Promise<void> {
    await this.#writeGathered();
    await this.#underway;
    await this.#file.truncate(this.#end);
    await this.#flusher.end();
  }

  /** Lets the file be closed. */
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

  /** Begins to write what is gathered, once what was before it is written. */
  async #writeGathered(): Promise<void> {
    if (!this.#gathered) return;
    await this.#underway;
    this.#underway = this.#write(this.#gathered.subarray(0, this.#used), this.#end - this.#used);
    // its error is seen by the next to wait for it
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
