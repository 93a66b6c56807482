import type { Command } from "./command.ts";

/** A subcommand as the overview lists it. Its module is loaded when it is needed: most of a command's start is loading. */
export interface ListedCommand {
  /** The arguments, without the program's name: `build FILE [options]`. */
  readonly usage: string;
  /** One line for the overview. */
  readonly summary: string;
  load(): Promise<Command>;
}

/** Every subcommand by name. */
export const COMMANDS: Readonly<Record<string, ListedCommand>> = {
  build: {
    usage: "build FILE [options]",
    summary: "Build the OS that FILE defines, without Pulumi",
    load: async () => (await import("./build.ts")).build,
  },
  run: {
    usage: "run FILE [options]",
    summary: "Build the OS that FILE defines and run it in QEMU until Ctrl-C, without Pulumi",
    load: async () => (await import("./run.ts")).run,
  },
  outdated: {
    usage: "outdated FILE --lock LOCK [options]",
    summary: "Print the packages and images that have moved since a build wrote its lock",
    load: async () => (await import("./outdated.ts")).outdated,
  },
  describe: {
    usage: "describe FILE [options]",
    summary: "Print the OS that FILE defines as JSON, with every default",
    load: async () => (await import("./describe.ts")).describe,
  },
  validate: {
    usage: "validate FILE [options]",
    summary: "Check the OS that FILE defines, and build nothing",
    load: async () => (await import("./describe.ts")).validate,
  },
  audit: {
    usage: "audit FILE [options]",
    summary: "Check the OS that FILE defines against NIST SP 800-190 and KSPP",
    load: async () => (await import("./audit.ts")).audit,
  },
  doctor: {
    usage: "doctor [options]",
    summary: "Check, before an update, what it needs of this host and of a cloud",
    load: async () => (await import("./doctor.ts")).doctor,
  },
  diff: {
    usage: "diff A B [options]",
    summary: "Print what changes inside the OS from A to B, without a build",
    load: async () => (await import("./diff.ts")).diff,
  },
  explain: {
    usage: "explain FILE WHAT [options]",
    summary: "Print where a path, a capability, a port or a package comes from, and who needs it",
    load: async () => (await import("./explain.ts")).explain,
  },
  upgrade: {
    usage: "upgrade FILE --lock FILE [options]",
    summary: "Print what newer packages and images would change, and write the lock if told",
    load: async () => (await import("./upgrade.ts")).upgrade,
  },
  pull: {
    usage: "pull REFERENCE [options]",
    summary: "Download an OS that build --push published",
    load: async () => (await import("./pull.ts")).pull,
  },
  import: {
    usage: "import FILE… [options]",
    summary: "Write the TypeScript for LinuxKit YAML",
    load: async () => (await import("./import.ts")).importYaml,
  },
  cache: {
    usage: "cache prune [options]",
    summary: "Shrink the cache to its limit, least recently used first",
    load: async () => (await import("./cache.ts")).cache,
  },
  logs: {
    usage: "logs [MACHINE [SERVICE]] [options]",
    summary: "Print the console of a local machine, or the log of a service; without MACHINE, list the machines",
    load: async () => (await import("./logs.ts")).logs,
  },
  status: {
    usage: "status MACHINE [options]",
    summary: "Print the state of a machine and its services",
    load: async () => (await import("./status.ts")).status,
  },
  events: {
    usage: "events MACHINE [options]",
    summary: "Print what has happened in a machine since it started",
    load: async () => (await import("./events.ts")).events,
  },
  exec: {
    usage: "exec [options] MACHINE SERVICE COMMAND [ARG…]",
    summary: "Run a command in a service of a machine",
    load: async () => (await import("./exec.ts")).exec,
  },
  top: {
    usage: "top MACHINE [options]",
    summary: "Show what a machine's services use, again and again",
    load: async () => (await import("./top.ts")).top,
  },
  metrics: {
    usage: "metrics MACHINE [options]",
    summary: "Print a machine's metrics in Prometheus' text format",
    load: async () => (await import("./metrics.ts")).metrics,
  },
  completion: {
    usage: "completion SHELL",
    summary: "Print what makes bash, zsh or fish complete commands and options",
    load: async () => (await import("./completion.ts")).completionOf(COMMANDS),
  },
};
