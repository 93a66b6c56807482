/** Stands for a value that is not known before another resource is made. */
export const UNKNOWN: unique symbol = Symbol.for("pulumi-linuxkit.unknown");

/** Whether a value cannot be checked yet: an Output, a promise, or {@link UNKNOWN}. */
export function isDeferred(value: unknown): boolean {
  if (typeof value === "symbol") return true;
  if (typeof value !== "object" || value === null) return false;
  // an Output answers any property with another Output, so ask for its brand first
  if ((value as { __pulumiOutput?: unknown }).__pulumiOutput === true) return true;
  return typeof (value as { then?: unknown }).then === "function";
}

/** A copy in which {@link UNKNOWN} stands for every value that cannot be checked yet, so that a schema never looks into one. */
export function masked(value: unknown): unknown {
  if (isDeferred(value)) return UNKNOWN;
  if (Array.isArray(value)) return value.map(masked);
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, masked(member)]));
}

/** Whether a {@link masked} value has an unknown part. */
export function holdsUnknown(value: unknown): boolean {
  if (typeof value === "symbol") return true;
  if (Array.isArray(value)) return value.some(holdsUnknown);
  return isPlain(value) && Object.values(value).some(holdsUnknown);
}

/** Whether a value is an object with named members and nothing more. */
export function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
