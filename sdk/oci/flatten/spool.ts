import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Bytes } from "../../core/bytes.ts";
import { fromFileSystem } from "../../core/errors.ts";

const BATCH = 256 << 10;

/**
 * File contents put aside on disk in the order they come, to be read in any other. The file has no name once it is
 * open, so that nothing is left of it whatever happens.
 */
export class Spool implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #path: string;
  #size = 0;
  // one buffer for all that is written: garbage of this size is what costs time
  readonly #pending = Buffer.allocUnsafe(BATCH);
  #pendingSize = 0;
  // what was read last: neighbours of a tree are mostly neighbours of their layer
  #window: { readonly from: number; readonly bytes: Uint8Array } = { from: 0, bytes: new Uint8Array(0) };

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /** @throws DISK_FULL, UNWRITABLE */
  static async open(directory: string): Promise<Spool> {
    const path = join(directory, `.spool-${randomBytes(8).toString("hex")}`);
    try {
      await mkdir(directory, { recursive: true });
      const file = await open(path, "wx+", 0o600);
      await rm(path);
      return new Spool(file, directory);
    } catch (error) {
      throw fromFileSystem(error, directory);
    }
  }

  /** Appends a content; the result is where it begins. */
  async append(content: Bytes): Promise<number> {
    const from = this.#size;
    for await (const chunk of content) {
      for (let rest = chunk; rest.length > 0; ) {
        const part = rest.subarray(0, BATCH - this.#pendingSize);
        this.#pending.set(part, this.#pendingSize);
        this.#pendingSize += part.length;
        this.#size += part.length;
        rest = rest.subarray(part.length);
        if (this.#pendingSize === BATCH) await this.flush();
      }
    }
    return from;
  }

  /** Writes out what is still in memory; needed before the first read. */
  async flush(): Promise<void> {
    const length = this.#pendingSize;
    const from = this.#size - length;
    try {
      for (let written = 0; written < length; ) written += (await this.#file.write(this.#pending, written, length - written, from + written)).bytesWritten;
      this.#pendingSize = 0;
    } catch (error) {
      throw fromFileSystem(error, this.#path);
    }
  }

  /** The `size` bytes from `from` on. The chunks are the reader's to keep. */
  async *read(from: number, size: number): AsyncGenerator<Uint8Array> {
    for (let at = from; at < from + size; ) {
      const window = await this.#windowAt(at);
      const chunk = window.bytes.subarray(at - window.from, from + size - window.from);
      at += chunk.length;
      yield chunk;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #windowAt(at: number): Promise<{ readonly from: number; readonly bytes: Uint8Array }> {
    if (at < this.#window.from || at >= this.#window.from + this.#window.bytes.length) {
      const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(Math.min(BATCH, this.#size - at)), 0, undefined, at);
      if (bytesRead === 0) throw new RangeError(`nothing was put aside at ${at}`);
      this.#window = { from: at, bytes: buffer.subarray(0, bytesRead) };
    }
    return this.#window;
  }
}
