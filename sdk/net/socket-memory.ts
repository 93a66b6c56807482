/** Bytes of one piece of the ring: what is written to a file at a time. */
const PIECE = 512 << 10;

/** One that is filled, one that the reader has, one that a check such as `verify` holds back, one for what comes after a stop. */
const PIECES = 4;

/** A piece with less room than this counts as full. */
const LEAST_ROOM = 64 << 10;

/**
 * Memory that a socket is read into, again and again, and that is handed to the reader as it is: without a copy and
 * without garbage. What was taken is good until the second next is taken.
 */
export class SocketMemory {
  // one buffer for all, so that no chunk is the whole of one
  readonly #memory = Buffer.allocUnsafeSlow(PIECES * PIECE);
  readonly #ends = new Array<number>(PIECES).fill(0);
  // pieces are counted on and on; the remainder says where one lies
  #writing = 0;
  #reading = 0;
  #taken = 0;

  /** Where the next bytes go. */
  get space(): Uint8Array {
    return this.#piece(this.#writing, this.#end(this.#writing), PIECE);
  }

  /** Whether the writer must stop. As much as {@link PIECE} bytes may still come by then: TLS hands over what it has. */
  get full(): boolean {
    return this.#writing > this.#reading + 1;
  }

  /** Notes that so many bytes were put into {@link space}. */
  put(bytes: number): void {
    const end = this.#end(this.#writing) + bytes;
    this.#ends[this.#writing % PIECES] = end;
    if (PIECE - end >= LEAST_ROOM) return;
    this.#writing++;
    this.#ends[this.#writing % PIECES] = 0;
  }

  /** Whether as many bytes as this, or a whole piece, can be taken. */
  has(bytes: number): boolean {
    return this.#reading < this.#writing
      ? this.#taken < this.#end(this.#reading) || this.#writing > this.#reading + 1 || this.#end(this.#writing) >= bytes
      : this.#end(this.#reading) - this.#taken >= bytes;
  }

  /** What is there to be taken, as far as it lies together. */
  peek(): Buffer {
    return this.#piece(this.#reading, this.#taken, this.#end(this.#reading));
  }

  /** Takes what has come, up to a limit; nothing when there is nothing. */
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
