/** What a subcommand of `pulumi-linuxkit` does; `commands.ts` has its usage and its summary. */
export interface Command {
  /** What `--help` prints below the summary; one option a line. */
  readonly help: string;
  /** Runs the command. A LinuxKitError is printed and sets the exit code to 1; a UsageError sets it to 2. */
  run(args: readonly string[], terminal: Terminal): Promise<void>;
}

/** Where a command prints, and the signal that interrupts it. */
export interface Terminal {
  /** Prints a line of the result to standard output. */
  print(line: string): void;
  /** As `print`, for lines with terminal sequences of the command's own: it has escaped what comes from outside. */
  printStyled(line: string): void;
  /** Prints a line of progress or a remark to standard error. */
  note(line: string): void;
  /** Prints an error to standard error, in red if that is a terminal and `NO_COLOR` is not set. */
  fail(line: string): void;
  /** Overwrites the current line with progress. Does nothing if standard error is not a terminal. */
  passing(line: string): void;
  /** Aborted by SIGINT (Ctrl-C) and SIGTERM. */
  readonly signal: AbortSignal;
}

/** Wrong arguments: printed with the command's usage; the exit code is 2. */
export class UsageError extends Error {}

/** The exit code of a command that ends without an error to print. */
export class ExitStatus extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`exit status ${status}`);
    this.status = status;
  }
}

/** A command's only argument besides its options. `things` is its plural, for the error. @throws UsageError */
export function onlyOne(positionals: readonly string[], things: string): string {
  const [one, ...more] = positionals;
  if (!one || more.length > 0) throw new UsageError(`got ${positionals.length} ${things}, wanted one`);
  return one;
}
