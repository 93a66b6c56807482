import type { Checked } from "./resource-type.ts";

/**
 * The latest credentials for each resource, by URN: those in the state may have expired when a former resource is deleted.
 * They are kept as long as the plugin runs.
 */
export class LatestAccess<I extends object> {
  readonly #names: readonly string[];
  readonly #latest = new Map<string, I>();

  /** @param names of the inputs that are credentials */
  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** Keeps the inputs of a check that found nothing wrong. */
  note(urn: string, checked: Checked): Checked {
    if ((checked.failures ?? []).length === 0) this.#latest.set(urn, checked.inputs as I);
    return checked;
  }

  /** The inputs of the state with the latest credentials. @param isThere whether those reach the place of the former resource */
  of(urn: string, inputs: I, isThere: (now: I) => boolean = () => true): I {
    const now = this.#latest.get(urn);
    if (!now || !isThere(now)) return inputs;
    const pick = (from: object, credentials: boolean) =>
      Object.entries(from).filter(([name]) => this.#names.includes(name) === credentials);
    return Object.fromEntries([...pick(inputs, false), ...pick(now, true)]) as I;
  }
}
