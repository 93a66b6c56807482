import { dirname } from "node:path";
import { printable } from "./printable.ts";

/** Every failure this library raises on purpose, and what a handler can read from it. */
export interface Faults {
  /**
   * A definition, option or argument that is wrong. `path` is in terms of what the user typed:
   * `services.web.capabilities[0]`. `failures` names each wrong value where the check knows several.
   */
  INVALID_DEFINITION: { readonly path: string; readonly failures?: Faulty };
  /** Understood, and deliberately not done; the message names what to use. */
  UNSUPPORTED: { readonly what: string; readonly failures?: Faulty };
  /** A body whose length is not the declared one. */
  SIZE_MISMATCH: { readonly path: string; readonly want: number; readonly got: number };
  /** A body whose sha256 is not the declared one. */
  DIGEST_MISMATCH: { readonly path: string; readonly want: string; readonly got: string };
  /** A signature that is absent, broken, expired or by a key that is not trusted. */
  SIGNATURE_INVALID: { readonly source: string };
  /** An archive, index or image that breaks its format. */
  CORRUPT: { readonly path: string };
  /** An archive that tries to leave its root or to exhaust the builder. */
  HOSTILE_ARCHIVE: { readonly path: string };
  /** An image reference that cannot be parsed. */
  REFERENCE_INVALID: { readonly reference: string };
  /** An image, package, file or tool-made object that does not exist where it was sought. */
  NOT_FOUND: { readonly what: string };
  /** A locked package version that no source holds any more. */
  PACKAGE_UNAVAILABLE: { readonly package: string; readonly version: string };
  /** No Debian mirror in code, configuration or the host's own apt sources. */
  NO_MIRROR: { readonly sought: readonly string[] };
  /** A registry or repository that refused us. */
  ACCESS_DENIED: { readonly url: string; readonly status: number };
  /** A connection that failed after every retry. */
  NETWORK: { readonly url: string };
  /** A host program that is not on PATH, or an optional npm package that is not installed. */
  TOOL_MISSING: { readonly tool: string };
  /** No space left where we write. */
  DISK_FULL: { readonly path: string };
  /** A folder or file we may not write. */
  UNWRITABLE: { readonly path: string };
  /** An image that cannot fit the memory, disk or partition it is meant for. */
  TOO_LARGE: { readonly what: string; readonly limit: number; readonly got: number };
  /** A host port that another program listens on. */
  PORT_OCCUPIED: { readonly port: number };
  /** A guest that stopped before it was healthy. `console` holds its last lines. */
  BOOT_FAILED: { readonly stage: string; readonly console: readonly string[] };
  /** A fleet that does not run the new image; `returned` says whether all of it runs the old one. */
  ROLLOUT_FAILED: { readonly reason: string; readonly returned: boolean; readonly updated: number; readonly total: number };
  /** An audit found what must not be built; the message counts it, and each finding was printed. */
  POLICY_VIOLATED: { readonly findings: number };
  /** Not done within the time that was given. */
  TIMEOUT: { readonly seconds: number; readonly waitingFor: string };
  /** The caller, or Ctrl-C, ended it. */
  CANCELLED: { readonly what: string };
}

/** Each wrong value by its path, with what is wrong there; the message without the path. */
type Faulty = readonly { readonly path: string; readonly message: string }[];

/** The closed set of codes of {@link LinuxKitError}. */
export type LinuxKitErrorCode = keyof Faults;

/** Codes of faults in bytes from outside, which their messages quote: a line break in a name would forge a line of a log. */
const ONE_LINE: readonly LinuxKitErrorCode[] = ["HOSTILE_ARCHIVE", "CORRUPT", "DIGEST_MISMATCH", "SIZE_MISMATCH"];

const BRAND = Symbol.for("pulumi-linuxkit.error");

/** The one error class of this library: a code, a message in the user's terms, and typed detail. */
export class LinuxKitError<C extends LinuxKitErrorCode = LinuxKitErrorCode> extends Error {
  /** The class's name. */
  override readonly name = "LinuxKitError";
  /** What is wrong, one of a closed set. */
  readonly code: C;
  /** What a handler can read, by the code. */
  readonly detail: Faults[C];
  // two installed copies of the package still recognise each other's errors
  readonly [BRAND] = true;
  /** Pulumi prints the message of an error with this mark, and no lines of a stack (its `RunError.isInstance`). */
  readonly __pulumiRunError = true;

  constructor(code: C, message: string, detail: Faults[C], options?: { readonly cause?: unknown }) {
    super(ONE_LINE.includes(code) ? printable(message).replaceAll("\n", "\\u000a") : printable(message), options);
    this.code = code;
    this.detail = detail;
  }
}

/** Whether `error` is a {@link LinuxKitError}, of the given code when one is named. */
export function isLinuxKitError<C extends LinuxKitErrorCode>(error: unknown, code?: C): error is LinuxKitError<C> {
  return typeof error === "object" && error !== null && BRAND in error && (code === undefined || (error as LinuxKitError).code === code);
}

/** Codes of faults in bytes from outside, whose messages name the bytes and not what they are for. */
const FOREIGN: readonly LinuxKitErrorCode[] = ["HOSTILE_ARCHIVE", "CORRUPT", "UNSUPPORTED", "DIGEST_MISMATCH", "SIZE_MISMATCH"];

/** A fault in bytes from outside, with what they are for before its message; any other error unchanged. */
export function inContext(error: unknown, context: string): unknown {
  if (!isLinuxKitError(error) || !FOREIGN.includes(error.code)) return error;
  return new LinuxKitError(error.code, `${context}: ${error.message}`, error.detail, { cause: error });
}

/** Translates what the filesystem says (`ENOSPC`, `EACCES`…) about `path`; anything else comes back as it was. */
export function fromFileSystem(error: unknown, path: string): unknown {
  // of a file that is written, not of one that is read for it: /proc makes no files and folders
  const { code, path: missing = "" } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === "ENOENT" && missing !== "" && (`${path}/`.startsWith(`${missing}/`) || dirname(missing) === dirname(path)))
    return unwritable(error, path);
  switch ((error as NodeJS.ErrnoException | undefined)?.code) {
    case "ENOSPC":
    case "EDQUOT":
      return new LinuxKitError(
        "DISK_FULL",
        `no space left to write ${path}: free some space, or choose another folder`,
        { path },
        { cause: error },
      );
    case "EFBIG":
      return new LinuxKitError(
        "DISK_FULL",
        `cannot grow ${path}: its filesystem or a limit of this process (ulimit -f) forbids it; choose another folder or raise the limit`,
        { path },
        { cause: error },
      );
    case "EACCES":
    case "EEXIST":
    case "EISDIR":
    case "EPERM":
    case "EROFS":
    case "ENOTDIR":
      return unwritable(error, path);
    default:
      return error;
  }
}

function unwritable(error: unknown, path: string): LinuxKitError<"UNWRITABLE"> {
  return new LinuxKitError(
    "UNWRITABLE",
    `cannot write ${path}: ${(error as Error).message}; choose another folder, or change its permissions`,
    { path },
    { cause: error },
  );
}

/** Throws `CANCELLED` when `signal` is aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw new LinuxKitError("CANCELLED", `${what} was cancelled`, { what }, { cause: signal.reason });
}
