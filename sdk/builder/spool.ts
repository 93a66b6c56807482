import { createHash } from "node:crypto";
import type { Entry } from "../archive/entry.ts";
import { wholeBody } from "../archive/whole-body.ts";
import { collect, type Measure, measure, type Memory } from "../core/bytes.ts";
import { hexOf } from "../core/digest.ts";
import { throwIfCancelled } from "../core/errors.ts";
import { UnnamedFile } from "../core/unnamed-file.ts";

/** Where a body lies in the spool. Equal bodies lie in one place, so `offset` names a content. */
export interface Spooled {
  readonly offset: number;
  readonly size: number;
}

/** Bodies up to here are compared with what is known before they are written. */
const SMALL = 1 << 18;

/**
 * A temporary file that takes the bodies of a tree, each content once: only when the last one is read is it known
 * which files are equal, and which were replaced.
 */
export class Spool implements AsyncDisposable {
  readonly #file: UnnamedFile;
  readonly #known = new Map<string, Spooled>();

  private constructor(file: UnnamedFile) {
    this.#file = file;
  }

  /** A spool on the filesystem of `path`, near which it has a name for a moment. @throws DISK_FULL, UNWRITABLE */
  static async open(path: string): Promise<Spool> {
    return new Spool(await UnnamedFile.open(path));
  }

  /** Takes an entry's body, and checks its length. */
  put(entry: Entry, signal?: AbortSignal): Promise<Spooled> {
    return entry.size <= SMALL ? this.#putSmall(entry) : this.#putLarge(entry, signal);
  }

  async #putSmall(entry: Entry): Promise<Spooled> {
    const body = await collect(wholeBody(entry));
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
    // written over by the next
    await this.#file.rewind(offset);
    return known;
  }

  #remember(name: string, spooled: Spooled): Spooled {
    this.#known.set(name, spooled);
    return spooled;
  }

  /**
   * Reads a body that was put. With `memory: "reused"` a chunk is good until the next one is asked for: for a reader
   * that copies at once, which then makes no garbage.
   */
  read({ offset, size }: Spooled, { memory }: { readonly memory: Memory }): AsyncGenerator<Uint8Array> {
    return this.#file.read(offset, size, memory);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file[Symbol.asyncDispose]();
  }
}
