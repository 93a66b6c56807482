import { UNKNOWN } from "../core/deferred.ts";

// only `check`, `diff` and `preview` ever meet it
export { UNKNOWN };

/** An output that the state keeps encrypted. Made by {@link secret}; a verb never receives one, only returns it. */
export class Secret {
  readonly value: Value;

  constructor(value: Value) {
    this.value = value;
  }
}

/** Marks an output as secret: the engine encrypts it in the state and hides it in its display. */
export function secret(value: Value): Secret {
  return new Secret(value);
}

/** A property's value as the engine carries it: JSON, a value that is not known yet, or (outwards only) a secret. */
export type Value = null | boolean | number | string | typeof UNKNOWN | Secret | readonly Value[] | Properties;

/** The inputs or the outputs of a resource, by name. A member that is `undefined` is absent. */
export interface Properties {
  readonly [name: string]: Value | undefined;
}

/** Whether a value is an object with named members. */
export function isProperties(value: unknown): value is Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Secret);
}

/** Whether any part of a value is not known yet. */
export function hasUnknown(value: Value | undefined): boolean {
  if (value === UNKNOWN) return true;
  if (value instanceof Secret) return hasUnknown(value.value);
  if (Array.isArray(value)) return value.some((item) => hasUnknown(item as Value));
  return isProperties(value) && Object.values(value).some(hasUnknown);
}
