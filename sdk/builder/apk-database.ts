import { type Entry, fileEntry } from "../archive/entry.ts";
import { collect } from "../core/bytes.ts";

/** Where Alpine's package manager keeps what is installed (apk-installed(5)). */
const INSTALLED = "lib/apk/db/installed";

/** More than the database of all of Alpine has. */
const LIMIT = 256 << 20;

/** What the apk databases of several images say together, where each image's own would replace that of the one before. */
export class ApkDatabase {
  readonly #parts: Buffer[] = [];

  /** An image's tree without its database, which is kept. */
  async *without(entries: AsyncIterable<Entry>): AsyncGenerator<Entry> {
    for await (const entry of entries) {
      if (entry.path === INSTALLED && entry.type === "file") this.#parts.push(await collect(entry.body, LIMIT, INSTALLED));
      else yield entry;
    }
  }

  /** The database of all of them, as LinuxKit writes it: each followed by two newlines. Nothing where no image had one. */
  *entries(): Generator<Entry> {
    if (this.#parts.length > 0) yield fileEntry(INSTALLED, Buffer.concat(this.#parts.flatMap((part) => [part, Buffer.from("\n\n")])));
  }
}
