import { all, type Unwrap } from "@pulumi/pulumi/output.js";
import { holdsUnknown, masked } from "../core/deferred.ts";
import { LinuxKitError } from "../core/errors.ts";

/** Arguments without the Outputs in them. */
type Known<Given extends readonly unknown[]> = { [Index in keyof Given]: Unwrap<Given[Index]> };

/**
 * Checks arguments as early as they are known: at once where the program has the values, so that nothing is created yet,
 * else when the Outputs in them have values.
 */
export function whenKnown<Given extends unknown[]>(given: readonly [...Given], check: (...values: Known<Given>) => void): void {
  if (holdsUnknown(masked(given))) all([...given]).apply((values) => check(...(values as Known<Given>)));
  else check(...(given as unknown as Known<Given>));
}

/** The error for one argument of a component. `owner` is the component's name, `got` and `wanted` are in words. */
export function refused(owner: string, path: string, got: string, wanted: string): LinuxKitError<"INVALID_DEFINITION"> {
  return new LinuxKitError("INVALID_DEFINITION", `${owner}: ${path}: got ${got}, wanted ${wanted}`, { path });
}
