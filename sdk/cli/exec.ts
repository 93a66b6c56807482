import { parseArgs } from "node:util";
import type { ApiTerminal } from "../api/request.ts";
import type { ApiStream } from "../api/stream.ts";
import { type Command, ExitStatus, type Terminal, UsageError } from "./command.ts";
import { askMachine, finished, MACHINE_HELP, MACHINE_OPTIONS, refuse } from "./machine.ts";

const OPTIONS = {
  ...MACHINE_OPTIONS,
  interactive: { type: "boolean", short: "i", default: false },
  tty: { type: "boolean", short: "t", default: false },
} as const;

/** What `--json` keeps of each output. */
const MOST_KEPT = 16 << 20;

export const exec: Command = {
  help: `MACHINE is as for \`status\`. The command has the service's own user, capabilities and limits. Its
exit status is this command's; the options come before MACHINE.

  --interactive, -i pass standard input on to it
  --tty, -t         give it a terminal
${MACHINE_HELP}: { status, stdout, stderr }, at its end`,

  async run(args, terminal) {
    const { options, words } = splitCommand(args);
    const { values } = parseArgs({ args: options, options: OPTIONS });
    if (values.json && values.tty) throw new UsageError("--json and --tty: got both, wanted one of them");
    if (values.tty && values.interactive && !process.stdin.isTTY)
      throw new UsageError("--tty: standard input is no terminal; leave --tty out");
    using asked = await askMachine({ positionals: words, ...values }, terminal);
    const [service, ...typed] = asked.rest;
    // `--` ends the options here too, as in `docker exec` and `kubectl exec`; no program has that name
    const command = typed[0] === "--" ? typed.slice(1) : typed;
    if (service === undefined || command.length === 0) throw new UsageError("wanted a machine, a service and a command");
    const kept = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    let size = 0;
    const stream = asked.connection.request(
      { method: "exec", name: service, command, ...(values.tty && { terminal: ownTerminal() }) },
      (from, bytes) => {
        if (!values.json) return write(process[from], bytes);
        size += bytes.length;
        if (size <= MOST_KEPT) kept[from].push(bytes);
      },
    );
    const status = await attended(stream, values, terminal);
    if (values.json) {
      const text = (parts: readonly Buffer[]): string => Buffer.concat(parts).toString("utf8");
      terminal.print(JSON.stringify({ status, stdout: text(kept.stdout), stderr: text(kept.stderr) }));
    }
    if (status !== 0) throw new ExitStatus(status);
  },
};

/** The options, and the words from the machine on: what follows is the command's own. */
function splitCommand(args: readonly string[]): { readonly options: string[]; readonly words: string[] } {
  let at = 0;
  while (at < args.length && args[at]?.startsWith("-")) {
    if (args[at] === "--") return { options: args.slice(0, at), words: args.slice(at + 1) };
    const taking = Object.entries(OPTIONS).some(([name, { type }]) => (type as string) === "string" && args[at] === `--${name}`);
    at += taking ? 2 : 1;
  }
  return { options: args.slice(0, at), words: args.slice(at) };
}

/** Passes input and the terminal's size on until the command has ended; returns its exit status. */
async function attended(
  stream: ApiStream,
  { interactive, tty }: { readonly interactive: boolean; readonly tty: boolean },
  terminal: Terminal,
): Promise<number> {
  const stop = (): void => stream.cancel();
  const resize = (): void => {
    const { rows, columns } = ownTerminal();
    stream.resize(rows, columns);
  };
  const raw = interactive && tty;
  terminal.signal.addEventListener("abort", stop, { once: true });
  if (tty) process.stdout.on("resize", resize);
  try {
    if (raw) process.stdin.setRawMode(true);
    if (interactive) passInput(stream);
    else stream.end();
    const outcome = await finished(stream.outcome);
    if (terminal.signal.aborted) return 130;
    refuse(outcome);
    return outcome.status;
  } finally {
    if (raw) process.stdin.setRawMode(false);
    if (interactive) process.stdin.destroy();
    process.stdout.off("resize", resize);
    terminal.signal.removeEventListener("abort", stop);
  }
}

function passInput(stream: ApiStream): void {
  const pass = async (): Promise<void> => {
    for await (const chunk of process.stdin) await stream.write(chunk as Buffer);
    stream.end();
  };
  // it ends with the command, whatever is still to be read
  pass().catch(() => stream.end());
}

function ownTerminal(): ApiTerminal {
  const { rows = 24, columns = 80 } = process.stdout;
  return { rows, columns, term: (process.env.TERM ?? "xterm").replace(/[^\x21-\x7e]/g, "").slice(0, 64) };
}

/** Writes, and waits while the reader is slow. */
async function write(to: NodeJS.WriteStream, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => to.write(bytes, (error) => (error ? reject(error) : resolve())));
}
