/** Bytes that must come, or go, within a deadline's seconds for it to count from 0 again: a byte a minute would take years. */
export const LEAST_BYTES = 64 << 10;

/** Aborts its signal once it has run for `seconds` with less than 64 KiB. It does not run until it is started. */
export class Deadline {
  readonly seconds: number;
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #started = 0;
  #left: number;
  #bytes = 0;

  constructor(seconds: number) {
    this.seconds = seconds;
    this.#left = seconds * 1000;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get passed(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Whether no byte has come since it last counted from 0. */
  get silent(): boolean {
    return this.#bytes === 0;
  }

  /** Starts to count, from where it stopped. */
  start(): void {
    if (this.#timer) return;
    this.#started = performance.now();
    this.#timer = setTimeout(() => this.#abort.abort(), this.#left);
  }

  /** Counts from 0 again after enough bytes. */
  moved(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < LEAST_BYTES) return;
    this.#bytes = 0;
    const runs = this.#timer !== undefined;
    this.stop();
    this.#left = this.seconds * 1000;
    if (runs) this.start();
  }

  stop(): void {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#left -= performance.now() - this.#started;
  }
}
