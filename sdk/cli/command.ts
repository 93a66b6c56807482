/** A subcommand of `pulumi-linuxkit`. */
export interface Command {
  /** How it is called, without the program's name: `build FILE`. */
  readonly usage: string;
  /** One line for the overview. */
  readonly summary: string;
  /** What `--help` prints below the usage; options one a line. */
  readonly help: string;
  /** Does the work; what it throws is printed, and ends the program with 1. */
  run(args: readonly string[], terminal: Terminal): Promise<void>;
}

/** Where a command prints and what may interrupt it. */
export interface Terminal {
  /** A line of the command's result, to standard output. */
  print(line: string): void;
  /** Progress and remarks, to standard error. */
  note(line: string): void;
  /** Shows passing progress on one line of a terminal; where standard error is none, nothing. */
  passing(line: string): void;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
}

/** Wrong usage: printed with the command's usage, and ends the program with 2. */
export class UsageError extends Error {}

/** The one argument that a command takes beside its options; `things` names it in the plural. @throws UsageError */
export function onlyOne(positionals: readonly string[], things: string): string {
  const [one, ...more] = positionals;
  if (!one || more.length > 0) throw new UsageError(`got ${positionals.length} ${things}, wanted one`);
  return one;
}
