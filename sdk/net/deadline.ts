/** Aborts its signal once it has run for `seconds` without a refresh. It does not run until it is started. */
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

  /** Starts to count, from 0. */
  start(): void {
    this.stop();
    this.#timer = setTimeout(() => this.#abort.abort(), this.seconds * 1000);
  }

  /** Counts from 0 again, if it is running. */
  refresh(): void {
    this.#timer?.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
