/** Aborts its signal when it has run for so long without a sign of life. It stands still until it is started. */
export class Deadline {
  readonly seconds: number;
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(seconds: number) {
    this.seconds = seconds;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get passed(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Begins to count, from nought. */
  start(): void {
    this.stop();
    this.#timer = setTimeout(() => this.#abort.abort(), this.seconds * 1000);
  }

  /** Counts from nought again, if it is counting. */
  refresh(): void {
    this.#timer?.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
