import type { Checked } from "./resource-type.ts";

/**
 * The latest credentials per resource. Those in the state may have expired by the time the old resource is deleted.
 * Kept by URN, as long as the plugin runs.
 */
export class LatestAccess<I extends object> {
  readonly #names: readonly string[];
  readonly #latest = new Map<string, I>();

  /** @param names of the credential inputs */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** Records the result of a check. */
  note(urn: string, checked: Checked): Checked {
    if ((checked.failures ?? []).length === 0) this.#latest.set(urn, checked.inputs as I);
    return checked;
  }

  /** Inputs of the state with the latest credentials. @param isThere whether those are for the place of the old resource */
  of(urn: string, inputs: I, isThere: (now: I) => boolean = () => true): I {
    const now = this.#latest.get(urn);
    if (!now || !isThere(now)) return inputs;
    const pick = (from: object, credentials: boolean) =>
      Object.entries(from).filter(([name]) => this.#names.includes(name) === credentials);
    return Object.fromEntries([...pick(inputs, false), ...pick(now, true)]) as I;
  }
}
