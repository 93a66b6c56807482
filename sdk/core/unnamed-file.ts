import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Bytes, Memory } from "./bytes.ts";
import { fromFileSystem } from "./errors.ts";
import { partPath } from "./write-file.ts";

/** Bytes that are gathered before they are written, and read ahead. */
const BATCH = 256 << 10;

/**
 * A temporary file for bytes that come in one order and are read in another. It has no name once it is open, so that
 * nothing is left of it whatever happens.
 */
export class UnnamedFile implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #path: string;
  /** The end of all that was appended, the pending included. */
  #end = 0;
  // one buffer for all that is written: garbage of this size is what costs time
  readonly #pending = Buffer.allocUnsafe(BATCH);
  #pendingSize = 0;
  // what was read last: neighbours in one order are mostly neighbours in the other
  #window: { readonly from: number; readonly bytes: Uint8Array } = NOTHING;
  #reused: Buffer | undefined;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /**
   * A file on the filesystem of `path`, beside which it has a name for a moment.
   *
   * @throws DISK_FULL, UNWRITABLE
   */
  static async open(path: string): Promise<UnnamedFile> {
    const aside = partPath(path);
    try {
      await mkdir(dirname(path), { recursive: true });
      const file = await open(aside, "wx+", 0o600);
      await rm(aside);
      return new UnnamedFile(file, path);
    } catch (error) {
      throw fromFileSystem(error, path);
    }
  }

  /** Appends a content, and gives where it begins. Its chunks may be in reused memory. @throws DISK_FULL */
  async append(content: Bytes): Promise<number> {
    const from = this.#end;
    for await (const chunk of content) {
      if (chunk.length >= BATCH) {
        await this.#flush();
        await this.#write(chunk, this.#end);
        this.#end += chunk.length;
        continue;
      }
      for (let rest = chunk; rest.length > 0; ) {
        const part = rest.subarray(0, BATCH - this.#pendingSize);
        this.#pending.set(part, this.#pendingSize);
        this.#pendingSize += part.length;
        this.#end += part.length;
        rest = rest.subarray(part.length);
        if (this.#pendingSize === BATCH) await this.#flush();
      }
    }
    return from;
  }

  /** Forgets what was appended from `end` on: the next bytes go there. */
  async rewind(end: number): Promise<void> {
    await this.#flush();
    this.#end = end;
  }

  /**
   * The `size` bytes from `from` on. With `reused` a chunk is good until the next one is asked for, and for one reader
   * at a time.
   */
  async *read(from: number, size: number, memory: Memory = "own"): AsyncGenerator<Uint8Array> {
    await this.#flush();
    for (let at = from; at < from + size; ) {
      if (at < this.#window.from || at >= this.#window.from + this.#window.bytes.length) await this.#readAhead(at, memory);
      const chunk = this.#window.bytes.subarray(at - this.#window.from, from + size - this.#window.from);
      at += chunk.length;
      yield chunk;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    if (this.#pendingSize === 0) return;
    await this.#write(this.#pending.subarray(0, this.#pendingSize), this.#end - this.#pendingSize);
    this.#pendingSize = 0;
  }

  async #write(bytes: Uint8Array, position: number): Promise<void> {
    this.#window = NOTHING;
    try {
      for (let at = 0; at < bytes.length; ) at += (await this.#file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
    } catch (error) {
      throw fromFileSystem(error, this.#path);
    }
  }

  async #readAhead(position: number, memory: Memory): Promise<void> {
    if (memory === "reused") this.#reused ??= Buffer.allocUnsafeSlow(BATCH);
    const target = (memory === "reused" && this.#reused) || Buffer.allocUnsafeSlow(Math.min(BATCH, this.#end - position));
    const { bytesRead } = await this.#file.read(target, 0, target.length, position);
    if (bytesRead === 0) throw new RangeError(`the temporary file beside ${this.#path} is shorter than what was put in it`);
    this.#window = { from: position, bytes: target.subarray(0, bytesRead) };
  }
}

const NOTHING = { from: 0, bytes: new Uint8Array(0) };
