import { type Faults, isLinuxKitError, LinuxKitError } from "./errors.ts";
import { formatPath, type Step } from "./property-path.ts";

/** One thing that is wrong, and where. */
export interface Failure {
  /** Where, as steps from the root of what was checked. */
  readonly steps: readonly Step[];
  /** The same as the user would write it: `services.web.capabilities[0]`; empty for the root. */
  readonly path: string;
  /** The value got and the values wanted, without the path. */
  readonly message: string;
}

/** A failure at the end of these steps. */
export function failure(steps: readonly Step[], message: string): Failure {
  return { steps, path: formatPath(steps), message };
}

/** An error for one wrong value. Its message is the path and what is wrong there; `detail` keeps the two apart. */
export function invalid(path: string, message: string, cause?: unknown): LinuxKitError<"INVALID_DEFINITION"> {
  return invalidAll([{ path, message }], cause);
}

/** An error for a value that means something which is deliberately not done; the message names what to use. */
export function unsupported(path: string, message: string, what: string): LinuxKitError<"UNSUPPORTED"> {
  return new LinuxKitError("UNSUPPORTED", `${path}: ${message}`, { what, failures: [{ path, message }] });
}

/** An error for several wrong values, each on its line. */
export function invalidAll(
  failures: readonly Pick<Failure, "path" | "message">[],
  cause?: unknown,
  lines = failures.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)),
): LinuxKitError<"INVALID_DEFINITION"> {
  const detail = { path: failures[0]?.path ?? "", failures: failures.map(({ path, message }) => ({ path, message })) };
  return new LinuxKitError("INVALID_DEFINITION", lines.join("\n"), detail, cause === undefined ? undefined : { cause });
}

/** Throws one `INVALID_DEFINITION` that names every failure; does nothing for an empty list. */
export function throwFailures(failures: readonly Failure[]): void {
  if (failures.length > 0) throw invalidAll(failures);
}

/** Runs a check that throws, and returns what it found wrong; without a path where the error names no place. */
export function failuresThrownBy(check: () => unknown): readonly { readonly path?: string; readonly message: string }[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!isLinuxKitError(error)) throw error;
    const { failures } = error.detail as Faults["INVALID_DEFINITION" | "UNSUPPORTED"];
    return failures ?? [{ message: error.message }];
  }
}
