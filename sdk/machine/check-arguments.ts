import { all, type Input, type Output, output, type Unwrap } from "@pulumi/pulumi/output.js";
import { holdsUnknown, isDeferred, masked } from "../core/deferred.ts";
import { LinuxKitError } from "../core/errors.ts";

/** What is wrong with a value, `got …, wanted …`; undefined: nothing. */
export type ArgumentRule<T> = (value: T) => string | undefined;

/** Throws what is wrong with an argument, where something is. */
export type Refuse = (path: string, problem: string | undefined) => void;

/** @param what begins each message: `fleet "web"` */
export function refuser(what: string): Refuse {
  return (path, problem) => {
    if (problem !== undefined) throw new LinuxKitError("INVALID_DEFINITION", `${what}: ${path}: ${problem}`, { path });
  };
}

/** The error for one argument of a component. `owner` is the component's name, `got` and `wanted` are in words. */
export function refused(owner: string, path: string, got: string, wanted: string): LinuxKitError<"INVALID_DEFINITION"> {
  return new LinuxKitError("INVALID_DEFINITION", `${owner}: ${path}: got ${got}, wanted ${wanted}`, { path });
}

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

/**
 * An argument that is checked by a rule: at once where its value is known, so that nothing is created, else when it becomes known.
 * A resource that is given the result waits for the check.
 *
 * @throws INVALID_DEFINITION
 */
export function ruled<V extends Input<unknown> | undefined, T>(refuse: Refuse, path: string, given: V, rule: ArgumentRule<T>): V {
  if (given === undefined) return given;
  const checked = (value: T): T => {
    if (value !== undefined) refuse(path, rule(value));
    return value;
  };
  const isList = Array.isArray(given) && given.some(isDeferred);
  if (isList || isDeferred(given)) return (output(given) as Output<unknown>).apply((value) => checked(value as T)) as unknown as V;
  checked(given as unknown as T);
  return given;
}

/** The limits of a whole number. */
export interface Range {
  readonly least: number;
  /** @default none */
  readonly most?: number;
  /** What it counts, for the message. @default nothing is said */
  readonly unit?: string;
}

/** A whole number within limits. */
export function whole({ least, most, unit }: Range): ArgumentRule<number> {
  const range = most === undefined ? `of at least ${least}` : `from ${least} to ${most}`;
  return (value) =>
    Number.isInteger(value) && value >= least && (most === undefined || value <= most)
      ? undefined
      : `got ${value}, wanted a whole number ${range}${unit === undefined ? "" : ` ${unit}`}`;
}

/** Checks that an argument is a whole number within limits. @throws INVALID_DEFINITION */
export function checkWhole(owner: string, path: string, value: number, range: Range): void {
  refuser(owner)(path, whole(range)(value));
}

/** Text that matches a pattern. */
export function matching(pattern: RegExp, wanted: string): ArgumentRule<string> {
  return (text) => (pattern.test(text) ? undefined : `got ${shown(text)}, wanted ${wanted}`);
}

/** At most so many bytes in UTF-8. */
export function atMostBytes(most: number): ArgumentRule<string> {
  return (text) => {
    const bytes = Buffer.byteLength(text);
    return bytes <= most ? undefined : `got ${bytes} bytes, wanted at most ${most}`;
  };
}

/** A text in quotes, without what is too long for a message. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
