import { type FileHandle, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Bytes, Memory } from "./bytes.ts";
import { fromFileSystem } from "./errors.ts";
import { partPath } from "./write-file.ts";
import { makeFolder } from "./make-folder.ts";

/** Bytes that are gathered before a write, and read ahead. */
const BATCH = 256 << 10;

/**
 * A temporary file for bytes that come in one order and are read in another. Its name is removed as soon as it is open,
 * so that even a killed process leaves no file.
 */
export class UnnamedFile implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #path: string;
  /** Where the appended bytes end, pending ones included. */
  #end = 0;
  // one buffer for every write: garbage of this size costs time
  readonly #pending = Buffer.allocUnsafe(BATCH);
  #pendingSize = 0;
  /** The readers of {@link read}; what they have read ahead is out of date once something is written. */
  readonly #readers = new Map<Memory, UnnamedReader>();

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /**
   * Opens a file on the filesystem of `path`. It has a name beside `path` for a moment, and the folder is created.
   *
   * @throws DISK_FULL, UNWRITABLE
   */
  static async open(path: string): Promise<UnnamedFile> {
    const aside = partPath(path);
    try {
      await makeFolder(dirname(path));
      const file = await open(aside, "wx+", 0o600);
      await rm(aside);
      return new UnnamedFile(file, path);
    } catch (error) {
      throw fromFileSystem(error, path);
    }
  }

  /** Bytes appended so far. */
  get size(): number {
    return this.#end;
  }

  /** Appends bytes and returns their offset. Chunks may be in reused memory. @throws DISK_FULL, and errors of `content` */
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

  /** Discards the bytes from offset `end` on: the next bytes go there. */
  async rewind(end: number): Promise<void> {
    await this.#flush();
    this.#end = end;
  }

  /**
   * Reads `size` bytes from offset `from`. With `reused` memory a chunk is valid until the next one is asked for, and only
   * one such reader may run at a time: see {@link reader}.
   */
  async *read(from: number, size: number, memory: Memory = "own"): AsyncGenerator<Uint8Array> {
    await this.#flush();
    const reader = this.#readers.get(memory) ?? (await this.reader(memory));
    this.#readers.set(memory, reader);
    yield* reader.read(from, size);
  }

  /** A reader with memory of its own, so that several can read at a time. Nothing may be appended while it is in use. */
  async reader(memory: Memory): Promise<UnnamedReader> {
    await this.#flush();
    return new UnnamedReader(this.#file, this.#path, this.#end, memory);
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
    this.#readers.clear();
    try {
      for (let at = 0; at < bytes.length; ) at += (await this.#file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
    } catch (error) {
      throw fromFileSystem(error, this.#path);
    }
  }
}

/** Reads an {@link UnnamedFile} ahead. With `reused` memory only one body may be read at a time. */
export class UnnamedReader {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #end: number;
  readonly #memory: Memory;
  // the bytes read last: neighbours in one order are mostly neighbours in the other
  #window = NOTHING;
  #reused: Buffer | undefined;

  constructor(file: FileHandle, path: string, end: number, memory: Memory) {
    this.#file = file;
    this.#path = path;
    this.#end = end;
    this.#memory = memory;
  }

  /** Reads `size` bytes from offset `from`. With `reused` memory a chunk is valid until the next one is asked for. */
  async *read(from: number, size: number): AsyncGenerator<Uint8Array> {
    for (let at = from; at < from + size; ) {
      let window = this.#window;
      if (at < window.from || at >= window.from + window.bytes.length) window = await this.#readAhead(at);
      const chunk = window.bytes.subarray(at - window.from, from + size - window.from);
      at += chunk.length;
      yield chunk;
    }
  }

  async #readAhead(position: number): Promise<Window> {
    if (this.#memory === "reused") this.#reused ??= Buffer.allocUnsafeSlow(BATCH);
    const target = this.#reused ?? Buffer.allocUnsafeSlow(Math.min(BATCH, this.#end - position));
    const { bytesRead } = await this.#file.read(target, 0, Math.min(target.length, this.#end - position), position);
    if (bytesRead === 0) throw new RangeError(`the temporary file beside ${this.#path} is shorter than the bytes appended to it`);
    this.#window = { from: position, bytes: target.subarray(0, bytesRead) };
    return this.#window;
  }
}

interface Window {
  readonly from: number;
  readonly bytes: Uint8Array;
}

const NOTHING: Window = { from: 0, bytes: new Uint8Array(0) };
