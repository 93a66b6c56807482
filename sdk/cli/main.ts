import { isLinuxKitError } from "../core/errors.ts";
import { ExitStatus, UsageError } from "./command.ts";
import { COMMANDS, type ListedCommand } from "./commands.ts";
import { interruption } from "./interrupt.ts";
import { processTerminal } from "./terminal.ts";

const WIDTH = Math.max(...Object.values(COMMANDS).map(({ usage }) => usage.length));

const OVERVIEW = `pulumi-linuxkit: define LinuxKit operating systems in TypeScript and build them

${Object.values(COMMANDS)
  .map((command) => `  pulumi-linuxkit ${command.usage.padEnd(WIDTH)} ${command.summary}`)
  .join("\n")}

\`pulumi-linuxkit COMMAND --help\` lists a command's options.`;

async function main(args: readonly string[]): Promise<number> {
  const signal = interruption();
  // who reads the output has gone, as `head` does: nothing is left to do
  process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => process.exit(code === "EPIPE" ? 0 : 1));
  const terminal = processTerminal(signal);
  const [name = "--help", ...rest] = args;
  if (name === "--help" || name === "-h") {
    terminal.print(OVERVIEW);
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) {
    terminal.note(`unknown command "${name}", wanted one of ${Object.keys(COMMANDS).join(", ")}`);
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
  } catch (error) {
    if (error instanceof ExitStatus) return error.status;
    if (isUsage(error)) {
      terminal.note(`${error.message}\nusage: pulumi-linuxkit ${command.usage}`);
      return 2;
    }
    if (!isLinuxKitError(error)) {
      const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
      terminal.note(`unexpected failure, please report it: ${shown}`);
      return 70;
    }
    terminal.note(`${error.code}: ${error.message}`);
    return error.code === "CANCELLED" ? 130 : 1;
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
