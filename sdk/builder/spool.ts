import { createHash } from "node:crypto";
import type { Entry } from "../archive/entry.ts";
import { wholeBody } from "../archive/whole-body.ts";
import { type Measure, measure, type Memory } from "../core/bytes.ts";
import { hexOf } from "../core/digest.ts";
import { throwIfCancelled } from "../core/errors.ts";
import { UnnamedFile } from "../core/unnamed-file.ts";

/** A body in the spool, in bytes. Equal bodies have the same `offset`, so it identifies the content. */
export interface Spooled {
  readonly offset: number;
  readonly size: number;
}

/** Bytes. Bodies up to this size are compared with earlier ones before they are written. */
const SMALL = 1 << 18;

/**
 * A temporary file for the bodies of a tree, which stores equal content once. Which files are equal or replaced is only
 * known after the last one is read.
 */
export class Spool implements AsyncDisposable {
  readonly #file: UnnamedFile;
  readonly #known = new Map<string, Spooled>();
  readonly #small = Buffer.allocUnsafeSlow(SMALL);

  private constructor(file: UnnamedFile) {
    this.#file = file;
  }

  /** Opens a spool next to `path`, and unlinks its temporary name at once. @throws DISK_FULL, UNWRITABLE */
  static async open(path: string): Promise<Spool> {
    return new Spool(await UnnamedFile.open(path));
  }

  /** Stores an entry's body. @throws SIZE_MISMATCH, DISK_FULL, CANCELLED */
  put(entry: Entry, signal?: AbortSignal): Promise<Spooled> {
    return entry.size <= SMALL ? this.#putSmall(entry) : this.#putLarge(entry, signal);
  }

  async #putSmall(entry: Entry): Promise<Spooled> {
    // one buffer for every small body: a body of its own would be garbage at once
    let size = 0;
    for await (const chunk of wholeBody(entry)) {
      this.#small.set(chunk, size);
      size += chunk.length;
    }
    const body = this.#small.subarray(0, size);
    const name = createHash("sha256").update(body).digest("hex");
    return this.#known.get(name) ?? this.#remember(name, { offset: await this.#file.append([body]), size: body.length });
  }

  async #putLarge(entry: Entry, signal?: AbortSignal): Promise<Spooled> {
    const measured: Measure = { size: 0, digest: "sha256:" };
    async function* body(): AsyncGenerator<Uint8Array> {
      for await (const chunk of measure(wholeBody(entry), measured)) {
        throwIfCancelled(signal, `unpacking ${entry.path}`);
        yield chunk;
      }
    }
    const offset = await this.#file.append(body());
    const name = hexOf(measured.digest);
    const known = this.#known.get(name);
    if (!known) return this.#remember(name, { offset, size: entry.size });
    // the next body overwrites it
    await this.#file.rewind(offset);
    return known;
  }

  #remember(name: string, spooled: Spooled): Spooled {
    this.#known.set(name, spooled);
    return spooled;
  }

  /**
   * Reads a stored body. With `memory: "reused"` a chunk is only valid until the next one is requested, which avoids
   * garbage if the reader copies each chunk at once.
   */
  read({ offset, size }: Spooled, { memory }: { readonly memory: Memory }): AsyncGenerator<Uint8Array> {
    return this.#file.read(offset, size, memory);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file[Symbol.asyncDispose]();
  }
}
