import type { Bytes } from "../core/bytes.ts";

const NOTHING = new Uint8Array(0);

/** Reads exact numbers of bytes from a stream of chunks of any size, and counts them. */
export class ByteReader {
  /** Bytes taken or skipped so far. */
  offset = 0;
  readonly #chunks: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  #held: Uint8Array = NOTHING;

  constructor(source: Bytes) {
    this.#chunks = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** The next bytes, at least one and at most `limit`; undefined at the end. They may share the source's memory. */
  async take(limit: number): Promise<Uint8Array | undefined> {
    while (this.#held.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return undefined;
      this.#held = next.value;
    }
    const taken = this.#held.subarray(0, limit);
    this.#held = this.#held.subarray(taken.length);
    this.offset += taken.length;
    return taken;
  }

  /** Exactly `length` bytes in one piece, fewer only at the end of the stream. They may share the source's memory. */
  async read(length: number): Promise<Buffer> {
    const first = (await this.take(length)) ?? NOTHING;
    if (first.length === length) return Buffer.from(first.buffer, first.byteOffset, length);
    // copied at once: the source may reuse the memory of a chunk when the next one is asked for
    const parts = [Buffer.from(first)];
    for (let missing = length - first.length; missing > 0; ) {
      const part = await this.take(missing);
      if (!part) break;
      parts.push(Buffer.from(part));
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  /** Skips `length` bytes. Returns how many were skipped: fewer only at the end of the stream. */
  async skip(length: number): Promise<number> {
    let left = length;
    while (left > 0) {
      const part = await this.take(left);
      if (!part) break;
      left -= part.length;
    }
    return length - left;
  }

  /** Closes the source, whose rest is not read. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
