import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Entry } from "../archive/entry.ts";
import { wholeBody } from "../archive/whole-body.ts";
import { collect, type Memory } from "../core/bytes.ts";
import { fromFileSystem, throwIfCancelled } from "../core/errors.ts";
import { partPath } from "../core/write-file.ts";

/** Where a body lies in the spool. Equal bodies lie in one place, so `offset` names a content. */
export interface Spooled {
  readonly offset: number;
  readonly size: number;
}

/** Bodies up to here are gathered in memory and written together. */
const SMALL = 1 << 18;
const WINDOW = 1 << 18;

/**
 * A temporary file that takes the bodies of a tree, each content once: only when the last one is read is it known
 * which files are equal, and which were replaced. It has no name, so that nothing stays of a killed build.
 */
export class Spool {
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #known = new Map<string, Spooled>();
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  /** End of all that was put, the pending included. */
  #end = 0;
  #buffer: Buffer = Buffer.alloc(0);
  /** Bytes read ahead, from `#windowStart` on. */
  #window: Uint8Array = new Uint8Array(0);
  #windowStart = 0;

  private constructor(file: FileHandle, path: string) {
    this.#file = file;
    this.#path = path;
  }

  /** A spool on the filesystem of `path`, near which it has a name for a moment. */
  static async open(path: string): Promise<Spool> {
    const aside = partPath(path);
    try {
      await mkdir(dirname(path), { recursive: true });
      const file = await open(aside, "wx+", 0o600);
      await rm(aside);
      return new Spool(file, path);
    } catch (error) {
      throw fromFileSystem(error, path);
    }
  }

  /** Takes an entry's body, and checks its length. */
  async put(entry: Entry, signal?: AbortSignal): Promise<Spooled> {
    try {
      return entry.size <= SMALL ? await this.#putSmall(entry) : await this.#putLarge(entry, signal);
    } catch (error) {
      throw fromFileSystem(error, this.#path);
    }
  }

  async #putSmall(entry: Entry): Promise<Spooled> {
    const body = await collect(wholeBody(entry));
    const name = createHash("sha256").update(body).digest("base64");
    const known = this.#known.get(name);
    if (known) return known;
    const spooled = this.#remember(name, body.length);
    this.#pending.push(body);
    this.#pendingBytes += body.length;
    if (this.#pendingBytes >= SMALL) await this.#flush();
    return spooled;
  }

  async #putLarge(entry: Entry, signal?: AbortSignal): Promise<Spooled> {
    await this.#flush();
    const hash = createHash("sha256");
    let position = this.#end;
    for await (const chunk of wholeBody(entry)) {
      throwIfCancelled(signal, `unpacking ${entry.path}`);
      hash.update(chunk);
      await this.#write(chunk, position);
      position += chunk.length;
    }
    const name = hash.digest("base64");
    // what was written for a known content is written over by the next
    return this.#known.get(name) ?? this.#remember(name, entry.size);
  }

  #remember(name: string, size: number): Spooled {
    const spooled = { offset: this.#end, size };
    this.#end += size;
    this.#known.set(name, spooled);
    return spooled;
  }

  async #flush(): Promise<void> {
    if (this.#pendingBytes === 0) return;
    await this.#write(Buffer.concat(this.#pending, this.#pendingBytes), this.#end - this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  async #write(chunk: Uint8Array, position: number): Promise<void> {
    this.#window = new Uint8Array(0);
    for (let at = 0; at < chunk.length; ) at += (await this.#file.write(chunk, at, chunk.length - at, position + at)).bytesWritten;
  }

  /**
   * Reads a body that was put. With `memory: "reused"` a chunk is good until the next one is asked for: for a reader
   * that copies at once, which then makes no garbage.
   */
  async *read({ offset, size }: Spooled, { memory }: { readonly memory: Memory }): AsyncGenerator<Uint8Array> {
    await this.#flush();
    for (let at = offset; at < offset + size; ) {
      if (at < this.#windowStart || at >= this.#windowStart + this.#window.length) await this.#readAhead(at, memory);
      const from = at - this.#windowStart;
      const chunk = this.#window.subarray(from, from + offset + size - at);
      at += chunk.length;
      yield chunk;
    }
  }

  async #readAhead(position: number, memory: Memory): Promise<void> {
    if (memory === "own" || this.#buffer.length === 0) this.#buffer = Buffer.allocUnsafeSlow(WINDOW);
    const { buffer, bytesRead } = await this.#file.read(this.#buffer, 0, WINDOW, position);
    if (bytesRead === 0) throw new Error(`the temporary file beside ${this.#path} is shorter than what was put in it`);
    this.#window = buffer.subarray(0, bytesRead);
    this.#windowStart = position;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
