import type { Checked } from "./resource-type.ts";

/**
 * By whose leave each resource is made, as the program has it by now: what a former one was made by may have expired
 * when that one is to be removed. Kept by URN, as long as the plugin runs.
 */
export class LatestAccess<I extends object> {
  readonly #names: readonly string[];
  readonly #latest = new Map<string, I>();

  /** @param names of the inputs that say it */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** Takes note of what a check let through. */
  note(urn: string, checked: Checked): Checked {
    if ((checked.failures ?? []).length === 0) this.#latest.set(urn, checked.inputs as I);
    return checked;
  }

  /** Inputs of the state, by the program's present leave. @param isThere whether that is good where the former one is */
  of(urn: string, inputs: I, isThere: (now: I) => boolean = () => true): I {
    const now = this.#latest.get(urn);
    if (!now || !isThere(now)) return inputs;
    const told = (of: object, wanted: boolean) => Object.entries(of).filter(([name]) => this.#names.includes(name) === wanted);
    return Object.fromEntries([...told(inputs, false), ...told(now, true)]) as I;
  }
}
