/** Bytes of one piece of the ring: as much as is written to a file at a time. */
const PIECE = 512 << 10;

/** One being filled, one that the reader has, one that a check such as `verify` holds back, one for bytes after a stop. */
const PIECES = 4;

/** A piece with less room than this counts as full. */
const LEAST_ROOM = 64 << 10;

/**
 * A ring of memory that a socket is read into, and that the reader gets without a copy and without garbage. A chunk is
 * valid until the second one after it is taken.
 */
export class SocketMemory {
  // one buffer for all pieces: a chunk is never a whole ArrayBuffer, so a reader cannot transfer it
  readonly #memory = Buffer.allocUnsafeSlow(PIECES * PIECE);
  readonly #ends = new Array<number>(PIECES).fill(0);
  // piece numbers only grow; the remainder by PIECES is the place in the ring
  #writing = 0;
  #reading = 0;
  #taken = 0;

  /** Where the next bytes go. */
  get space(): Uint8Array {
    return this.#piece(this.#writing, this.#end(this.#writing), PIECE);
  }

  /** Whether the writer must stop. Up to {@link PIECE} bytes may still come after that: TLS hands over what it has. */
  get full(): boolean {
    return this.#writing > this.#reading + 1;
  }

  /** Notes that `bytes` were put into {@link space}. */
  put(bytes: number): void {
    const end = this.#end(this.#writing) + bytes;
    this.#ends[this.#writing % PIECES] = end;
    if (PIECE - end >= LEAST_ROOM) return;
    this.#writing++;
    this.#ends[this.#writing % PIECES] = 0;
  }

  /** Whether `bytes`, or a whole piece, can be taken. */
  has(bytes: number): boolean {
    return this.#reading < this.#writing
      ? this.#taken < this.#end(this.#reading) || this.#writing > this.#reading + 1 || this.#end(this.#writing) >= bytes
      : this.#end(this.#reading) - this.#taken >= bytes;
  }

  /** The bytes that can be taken next, as far as they are contiguous. */
  peek(): Buffer {
    return this.#piece(this.#reading, this.#taken, this.#end(this.#reading));
  }

  /** Takes up to `most` of the bytes that have come, possibly 0. */
  take(most: number): Uint8Array {
    if (this.#reading < this.#writing && this.#taken === this.#end(this.#reading)) {
      this.#reading++;
      this.#taken = 0;
    }
    const chunk = this.#piece(this.#reading, this.#taken, Math.min(this.#end(this.#reading), this.#taken + most));
    this.#taken += chunk.length;
    return chunk;
  }

  #end(piece: number): number {
    return this.#ends[piece % PIECES] as number;
  }

  #piece(piece: number, from: number, to: number): Buffer {
    const start = (piece % PIECES) * PIECE;
    return this.#memory.subarray(start + from, start + to);
  }
}
