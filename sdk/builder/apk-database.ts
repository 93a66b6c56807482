import { type Entry, fileEntry } from "../archive/entry.ts";
import { collect } from "../core/bytes.ts";

/** The database of installed packages of Alpine's package manager (apk-installed(5)). */
const INSTALLED = "lib/apk/db/installed";

/** Bytes; larger than a database of every Alpine package. */
const LIMIT = 256 << 20;

/** The apk databases of several images, merged. Without it, each image's database would replace the one before. */
export class ApkDatabase {
  readonly #parts: Buffer[] = [];

  /** Passes on an image's tree, but keeps its database back for `entries`. */
  async *without(entries: AsyncIterable<Entry>): AsyncGenerator<Entry> {
    for await (const entry of entries) {
      if (entry.path === INSTALLED && entry.type === "file") this.#parts.push(await collect(entry.body, LIMIT, INSTALLED));
      else yield entry;
    }
  }

  /** The merged database, as LinuxKit writes it: each database followed by two newlines. Yields nothing if no image had one. */
  *entries(): Generator<Entry> {
    if (this.#parts.length > 0) yield fileEntry(INSTALLED, Buffer.concat(this.#parts.flatMap((part) => [part, Buffer.from("\n\n")])));
  }
}
