/** Shares out a number of units. A caller that asks for more than is left waits: first come, first served. */
export class Budget {
  readonly #total: number;
  #left: number;
  readonly #waiting: { readonly units: number; readonly start: () => void }[] = [];

  constructor(units: number) {
    this.#total = units;
    this.#left = units;
  }

  /** Runs `work` once `units` are free, and gives them back. A number above the total counts as the total. */
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
