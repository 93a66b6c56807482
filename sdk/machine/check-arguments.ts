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

/** The limits of a whole number. */
export interface Range {
  readonly least: number;
  /** @default none */
  readonly most?: number;
  /** What it counts, for the message. @default nothing is said */
  readonly unit?: string;
}

/** Checks that an argument is a whole number within limits. @throws INVALID_DEFINITION */
export function checkWhole(owner: string, path: string, value: number, { least, most, unit }: Range): void {
  if (Number.isInteger(value) && value >= least && (most === undefined || value <= most)) return;
  const range = most === undefined ? `of at least ${least}` : `from ${least} to ${most}`;
  throw refused(owner, path, String(value), `a whole number ${range}${unit === undefined ? "" : `: ${unit}`}`);
}

/** The error for one argument of a component. `owner` is the component's name, `got` and `wanted` are in words. */
export function refused(owner: string, path: string, got: string, wanted: string): LinuxKitError<"INVALID_DEFINITION"> {
  return new LinuxKitError("INVALID_DEFINITION", `${owner}: ${path}: got ${got}, wanted ${wanted}`, { path });
}
