/**
 * The value, where the code around knows that there is one and the type does not say so.
 *
 * @throws RangeError when that knowledge is wrong: a defect of ours, and no input can be blamed for it
 */
export function present<T>(value: T | undefined | null): T {
  if (value === undefined || value === null) throw new RangeError("a value that must be there is not");
  return value;
}
