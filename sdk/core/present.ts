/**
 * The value, where the caller knows that it is present and its type does not.
 *
 * @throws RangeError when it is absent: a bug in this library, whatever the input
 */
export function present<T>(value: T | undefined | null): T {
  if (value === undefined || value === null) throw new RangeError("a value that must be present is absent");
  return value;
}
