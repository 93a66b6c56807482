/** Shares out a number of units; whoever asks for more than is left waits for its turn, first come first served. */
export class Budget {
  readonly #total: number;
  #left: number;
  readonly #waiting: { readonly units: number; readonly start: () => void }[] = [];

  constructor(units: number) {
    this.#total = units;
    this.#left = units;
  }

  /** Runs `work` with so many units, at most all of them. */
  async run<T>(units: number, work: () => Promise<T>): Promise<T> {
    const wanted = Math.min(units, this.#total);
    await new Promise<void>((start) => {
      this.#waiting.push({ units: wanted, start });
      this.#next();
    });
    try {
      return await work();
    } finally {
      this.#left += wanted;
      this.#next();
    }
  }

  #next(): void {
    for (let first = this.#waiting[0]; first && first.units <= this.#left; first = this.#waiting[0]) {
      this.#waiting.shift();
      this.#left -= first.units;
      first.start();
    }
  }
}
