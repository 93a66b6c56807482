import { readFileSync } from "node:fs";
import { isLinuxKitError } from "../core/errors.ts";
import { didYouMean } from "../core/suggest.ts";
import { ExitStatus, UsageError } from "./command.ts";
import { COMMANDS, type ListedCommand } from "./commands.ts";
import { interruption } from "./interrupt.ts";
import { processTerminal } from "./terminal.ts";

const WIDTH = Math.max(...Object.values(COMMANDS).map(({ usage }) => usage.length));

const OVERVIEW = `pulumi-linuxkit: define LinuxKit operating systems in TypeScript and build them

${Object.values(COMMANDS)
  .map((command) => `  pulumi-linuxkit ${command.usage.padEnd(WIDTH)} ${command.summary}`)
  .join("\n")}

\`pulumi-linuxkit help COMMAND\` lists a command's options; \`--version\` prints the version. The exit status
is 0 when it is done, 1 for an error, 2 for wrong arguments, 70 for a fault of ours, 130 when interrupted.`;

async function main(args: readonly string[]): Promise<number> {
  const signal = interruption();
  // who reads the output has gone, as `head` does: nothing is left to do
  process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
    // a command whose terminal was closed ends in order
    if (!signal.aborted) process.exit(code === "EPIPE" ? 0 : 1);
  });
  process.stderr.on("error", () => {});
  const terminal = processTerminal(signal);
  const asked = args[0] ?? "help";
  if (asked === "--version" || asked === "-V") {
    terminal.print(version());
    return 0;
  }
  const isHelp = ["help", "--help", "-h"].includes(asked);
  if (isHelp && args[1] === undefined) {
    terminal.print(OVERVIEW);
    return 0;
  }
  const [name = "", ...rest] = isHelp ? [args[1] ?? "", "--help"] : args;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    const known = Object.keys(COMMANDS);
    terminal.fail(`unknown command "${name}"${didYouMean(name, known) || `, wanted one of ${known.join(", ")}`}`);
    return 2;
  }
  const { help, run } = await command.load();
  if (asksForHelp(command, rest)) {
    terminal.print(`pulumi-linuxkit ${command.usage}\n\n${command.summary}.\n\n${help}`);
    return 0;
  }
  try {
    await run(rest, terminal);
    return 0;
  } catch (thrown) {
    const { missingPackage } = await import("../core/missing-package.ts");
    const error = missingPackage(thrown) ?? thrown;
    if (error instanceof ExitStatus) return error.status;
    if (isUsage(error)) {
      terminal.fail(`${error.message}\nusage: pulumi-linuxkit ${command.usage}`);
      return 2;
    }
    if (!isLinuxKitError(error)) {
      const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
      terminal.fail(`unexpected failure, please report it: ${shown}`);
      return 70;
    }
    terminal.fail(`${error.code}: ${error.message}`);
    return error.code === "CANCELLED" ? 130 : 1;
  }
}

/** The package's version, which stands beside `dist` and in a clone two folders above. */
function version(): string {
  for (const path of ["../../package.json", "../../../package.json"]) {
    const { name, version } = readPackage(new URL(path, import.meta.url));
    if (name === "pulumi-linuxkit" && version !== undefined) return version;
  }
  return "unknown";
}

function readPackage(url: URL): { readonly name?: string; readonly version?: string } {
  try {
    return JSON.parse(readFileSync(url, "utf8")) as { name?: string; version?: string };
  } catch {
    return {};
  }
}

// what follows the machine's name in `exec` is another command's
function asksForHelp(command: ListedCommand, args: readonly string[]): boolean {
  const first = args.findIndex((arg) => !arg.startsWith("-"));
  const own = command === COMMANDS["exec"] && first >= 0 ? args.slice(0, first) : args;
  return own.includes("--help") || own.includes("-h");
}

// parseArgs of node:util reports wrong options with its own error codes
function isUsage(error: unknown): error is Error {
  return error instanceof UsageError || String((error as NodeJS.ErrnoException | undefined)?.code).startsWith("ERR_PARSE_ARGS");
}

process.exitCode = await main(process.argv.slice(2));
